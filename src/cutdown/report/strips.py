"""What the recording does over time, as strips to the scale of the bar below them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from cutdown.plan import EditPlan
from cutdown.report.phrases import percent, text
from cutdown.signals import Signals

WIDTH: Final = 1000  # units; stretched to the page, so nothing in it may be text
_HEIGHT: Final = 44


def across(moment: Fraction, whole: Fraction) -> float:
    """A moment as a place from 0 to `WIDTH`."""
    return float(moment / whole) * WIDTH if whole else 0.0


def strips(plan: EditPlan, signals: Signals, peaks: Sequence[float]) -> list[str]:
    """Waveform, speech and movement on the screen; the waveform only where it is known."""
    whole = plan.duration
    spoken = [(span.start, span.end) for span in signals.speech]
    moving = [(span.start, span.end) for span in signals.screen if not span.still]
    return [
        *([_waveform(peaks)] if peaks else []),
        _strip("Speech", "somebody speaks", spoken, whole, "speech"),
        _strip("Screen", "something moves", moving, whole, "screen"),
    ]


def _strip(
    label: str, what: str, spans: Sequence[tuple[Fraction, Fraction]], whole: Fraction, kind: str
) -> str:
    share = percent(float(sum((end - start for start, end in spans), Fraction(0)) / whole)) if whole else "–"
    return (
        f'<figure class="strip {kind}"><figcaption>{text(label)} <small>{what} {share}</small></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}: {what} in {share} of the recording">{_boxes(spans, whole)}</svg></figure>'
    )


def _boxes(spans: Iterable[tuple[Fraction, Fraction]], whole: Fraction) -> str:
    return "".join(
        f'<rect x="{across(start, whole):.1f}" width="{max(across(end - start, whole), 0.6):.1f}" height="{_HEIGHT}"/>'
        for start, end in spans
    )


def _waveform(peaks: Sequence[float]) -> str:
    middle, step = _HEIGHT / 2, WIDTH / len(peaks)
    levels = [middle * min(1.0, max(0.01, peak)) for peak in peaks]
    upper = [f"{(at + 0.5) * step:.1f} {middle - level:.1f}" for at, level in enumerate(levels)]
    lower = [f"{(at + 0.5) * step:.1f} {middle + level:.1f}" for at, level in enumerate(levels)]
    return (
        '<figure class="strip wave"><figcaption>Sound</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="Loudness of the recording"><path d="M{"L".join([*upper, *reversed(lower)])}Z"/></svg></figure>'
    )
