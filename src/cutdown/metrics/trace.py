"""How busy the machine was over a phase: an even, short curve, whatever the phase's length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from cutdown.timebase import Frozen

MOST_STEPS: Final = 48  # about as many as a picture a few centimetres wide can show
SHORTEST_STEP: Final = 0.25  # seconds: two or three looks

Level = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(lambda value: round(value, 1))]


class Trace(Frozen):
    """Use of the machine in even steps from the phase's begin.

    ``step_seconds`` is `SHORTEST_STEP` doubled as often as the phase needed to fit into `MOST_STEPS`.
    """

    step_seconds: float = Field(default=SHORTEST_STEP, gt=0)
    cpu_percent: tuple[Level, ...] = ()
    """Mean over each step; 100 is one core fully busy."""
    memory_mb: tuple[Level, ...] = ()
    """Most resident memory of the process tree that was seen in each step."""

    @model_validator(mode="after")
    def _side_by_side(self) -> Trace:
        if len(self.cpu_percent) != len(self.memory_mb):
            raise ValueError("a trace needs as many steps of memory as of CPU")
        return self

    @property
    def seconds(self) -> float:
        """Length of the curve, a whole number of steps."""
        return self.step_seconds * len(self.cpu_percent)

    def then(self, following: Trace) -> Trace:
        """This curve with another one behind it, in steps of the coarser of both."""
        one, other = self, following
        while one.step_seconds < other.step_seconds:
            one = one.coarser()
        while other.step_seconds < one.step_seconds:
            other = other.coarser()
        both = one.model_copy(
            update={
                "cpu_percent": one.cpu_percent + other.cpu_percent,
                "memory_mb": one.memory_mb + other.memory_mb,
            }
        )
        while len(both.cpu_percent) > MOST_STEPS:
            both = both.coarser()
        return both

    def coarser(self) -> Trace:
        """The same in steps twice as long."""
        cpu = [sum(pair) / len(pair) for pair in _pairs(self.cpu_percent)]
        memory = [max(pair) for pair in _pairs(self.memory_mb)]
        return Trace(step_seconds=2 * self.step_seconds, cpu_percent=tuple(cpu), memory_mb=tuple(memory))


def _pairs(values: Sequence[float]) -> list[Sequence[float]]:
    return [values[at : at + 2] for at in range(0, len(values), 2)]


class Recorder:
    """Collects a `Trace` while a phase runs, in bounded memory.

    CPU that was used between two looks is spread evenly over the time between them. A child that
    ended unseen brings its CPU all at once: no step shows more than every core can give.

    Args:
        began: now, in seconds of any clock.
        cores: of the machine.
    """

    def __init__(self, began: float, cores: int) -> None:
        self._began = self._last = began
        self._most = 100.0 * cores
        self._step = SHORTEST_STEP
        self._cpu: list[float] = []
        self._memory: list[float] = []

    def look(self, now: float, *, cpu_seconds: float, memory_mb: float) -> None:
        """Add what was seen.

        Args:
            now: of the same clock as ``began``.
            cpu_seconds: used since the last look.
            memory_mb: resident now.
        """
        first, last = self._place(self._last), self._place(now)
        while last >= MOST_STEPS:
            self._halve()
            first, last = self._place(self._last), self._place(now)
        self._cpu += [0.0] * (last + 1 - len(self._cpu))
        self._memory += [memory_mb] * (last + 1 - len(self._memory))
        for step in range(first, last + 1):
            begin = max(self._last, self._began + step * self._step)
            end = min(now, self._began + (step + 1) * self._step)
            share = (end - begin) / (now - self._last) if now > self._last else 1.0
            self._cpu[step] += cpu_seconds * share
        self._memory[last] = max(self._memory[last], memory_mb)
        self._last = now

    def trace(self) -> Trace:
        """The curve so far; its last step may be only begun, and is measured by what it has."""
        spans = [min(self._step, self._last - self._began - at * self._step) for at in range(len(self._cpu))]
        steps = [
            (cpu / span, mb) for cpu, span, mb in zip(self._cpu, spans, self._memory, strict=True) if span > 0
        ]
        return Trace(
            step_seconds=self._step,
            cpu_percent=tuple(min(self._most, 100 * cpu) for cpu, _ in steps),
            memory_mb=tuple(mb for _, mb in steps),
        )

    def _place(self, moment: float) -> int:
        return int((moment - self._began) / self._step)

    def _halve(self) -> None:
        self._step *= 2
        self._cpu = [sum(pair) for pair in _pairs(self._cpu)]
        self._memory = [max(pair) for pair in _pairs(self._memory)]
