"""What the fitting works on: stretches of picture, and the line spoken over them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cutdown.plan import EditAction


@dataclass(frozen=True)
class Piece:
    """Ticks ``[start, end)`` of the source, shown in ``frames`` output frames, the last one held."""

    action: EditAction
    start: int
    end: int
    frames: int
    hold: int = 0

    @property
    def ticks(self) -> int:
        """Source ticks that it shows."""
        return self.end - self.start

    @property
    def total(self) -> int:
        """Output frames with those held."""
        return self.frames + self.hold

    @property
    def speed(self) -> Fraction:
        """Source ticks a frame, exact, so that it shows its source to the end."""
        return Fraction(self.ticks, self.frames)


@dataclass(frozen=True)
class Passage:
    """Pieces that belong together: those one line is spoken over, or a single one without a line."""

    pieces: tuple[Piece, ...]
    line: int | None = None
    voice_samples: int = 0
    """Length of the line at 48 kHz, unhurried."""
    tempo: Fraction = Fraction(1)
    wait: int = 0
    """Samples beyond the usual lead before the line's first word."""

    @property
    def frames(self) -> int:
        """Output frames."""
        return sum(piece.total for piece in self.pieces)


@dataclass
class Stretch:
    """One action's share of the source in ticks; neighbours trade ticks while lines are fitted."""

    action: EditAction
    start: int
    end: int
    line: int | None = None

    @property
    def ticks(self) -> int:
        """Source ticks that it has left."""
        return self.end - self.start

    @property
    def shown(self) -> bool:
        """Whether it comes to be in the output at all."""
        return self.action.type != "cut" and self.end > self.start

    def as_piece(self) -> Piece:
        """Its picture before any line is fitted."""
        frames = max(1, round(self.ticks / (self.action.factor or Fraction(1))))
        return Piece(self.action, self.start, self.end, min(frames, self.ticks))
