"""How late a picture or a sound is against its plan: functions of arrays alone.

Lags are positive where the output comes late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutdown.verify.listen import LISTEN_RATE, Wave
from cutdown.verify.look import Grey

FARTHEST_FRAMES: Final = 15
FARTHEST_SECONDS: Final = 0.5

_MOVES: Final = 16  # of 255 grey levels; coding noise on a small copy stays under it
_FEWEST_PIXELS: Final = 3
_MOST_PIXELS: Final = 4000
_TIE: Final = 0.3  # grey levels; smaller differences between two lags are coding noise
_TIE_SHARE: Final = 0.04  # of the error's whole range: about half a frame of even motion
_TELLING: Final = 1.0  # grey levels between the best lag and the worst, or nothing moves
_TEXTURE: Final = 6.0  # grey levels of deviation; a flatter picture cannot be recognised
_ALIKE: Final = 0.5  # correlation of two small copies of the same picture is above 0.9
_HEARD_AGAIN: Final = 0.5  # correlation of a sound with itself after AAC is above 0.9
_SAME_PEAK: Final = 0.97  # of the best correlation; a tone repeats itself every period
_SILENT: Final = 10 ** (-55 / 20)  # RMS of full scale
_STRUCTURE: Final = 2.0  # loud blocks over quiet ones; even noise is coded as other noise
_BLOCK: Final = LISTEN_RATE // 10
_SHORT_BLOCK: Final = LISTEN_RATE // 40
_LOUD: Final = 0.1  # of the loudest block: speech, not what lies under it
_DROPPED: Final = 0.2  # of the gain elsewhere: 14 dB too quiet
_FEWEST_BLOCKS: Final = 8


class PictureLag(NamedTuple):
    """Lags in output frames that fit the picture equally well; ``found`` is false where none does."""

    fits: tuple[float, ...]
    found: bool = True

    @property
    def least(self) -> float:
        """The one nearest to no lag."""
        return min(self.fits, key=abs, default=0.0)


class SoundLag(NamedTuple):
    """Lag in seconds; ``found`` is false where the planned sound is not heard at all."""

    seconds: float
    correlation: float
    found: bool = True
    dropped: float = 0.0
    """Seconds of the stretch that are far too quiet against the rest."""


def picture_lag(
    shown: Grey, source: Grey, planned: NDArray[np.int64], lags: Sequence[float]
) -> PictureLag | None:
    """Find which lags explain the output's frames.

    Args:
        shown: output frames, (frames, height, width).
        source: source frames around the planned ones, (frames, height, width).
        planned: row of ``source`` that each output frame should show at each lag, (frames, lags).
        lags: in output frames; 0 is among them.

    Returns:
        None where nothing moves enough to tell.
    """
    level = _levelled(shown, source[planned[:, list(lags).index(0)]])
    errors = _errors(level, source, planned)
    rows = planned[:, list(lags).index(0) if errors is None else int(errors.argmin())]
    if not _recognised(level, source[rows]):
        return PictureLag((), found=False)
    if errors is None or errors.max() - errors.min() < _TELLING:
        return None
    allowed = errors.min() + max(_TIE, _TIE_SHARE * (errors.max() - errors.min()))
    fits = tuple(lag for lag, error in zip(lags, errors, strict=True) if error <= allowed)
    return PictureLag(fits) if len(fits) < len(lags) else None


def _levelled(shown: Grey, planned: Grey) -> Grey:
    """The output's frames brought to the source's contrast: a changed range or tone is no lag."""
    ours, theirs = shown.mean(axis=0).ravel(), planned.mean(axis=0).ravel()
    if ours.std() < _TEXTURE or theirs.std() < _TEXTURE:
        return shown
    slope, _ = np.polyfit(ours, theirs, 1)
    if not 0.7 < slope < 1.4:
        return shown
    return (shown - np.float32(ours.mean())) * np.float32(slope) + np.float32(theirs.mean())


def _errors(shown: Grey, source: Grey, planned: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Mean difference at each lag, over the pixels that move; None where none does."""
    moving = np.flatnonzero((source.max(axis=0) - source.min(axis=0)).ravel() > _MOVES)
    if len(moving) < _FEWEST_PIXELS:
        return None
    moving = moving[:: -(-len(moving) // _MOST_PIXELS)]
    ours = shown.reshape(len(shown), -1)[:, moving]
    theirs = source.reshape(len(source), -1)[:, moving]
    apart = np.stack([np.abs(frame - theirs).mean(axis=1) for frame in ours])
    errors: NDArray[np.float64] = np.take_along_axis(apart, planned, axis=1).mean(axis=0, dtype=np.float64)
    return errors


def _recognised(shown: Grey, source: Grey) -> bool:
    """Whether most frames show what the source shows, coarsely."""
    alike = []
    for ours, theirs in zip(shown, source, strict=True):
        if theirs.std() < _TEXTURE:
            alike.append(ours.std() < 2 * _TEXTURE)
        else:
            flat = ours.std() < _TEXTURE / 3
            alike.append(not flat and np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > _ALIKE)
    return float(np.mean(alike)) >= 0.5


def cut_lag(before: Grey, shown: Grey, planned: Grey) -> int | None:
    """Find how late the first picture after a cut appears.

    Args:
        before: output frames ahead of the cut, (n, height, width).
        shown: output frames from the planned cut on, (m, height, width), m at least 2 n.
        planned: source frames that belong to ``shown``.

    Returns:
        Frames late; None where both sides of the cut look the same or neither fits.
    """
    count = len(before)
    if count == 0 or len(shown) < 2 * count:
        return None
    expected = np.concatenate([np.repeat(planned[:1], count, axis=0), planned])
    errors = np.abs(np.concatenate([before, shown]) - expected).mean(axis=(1, 2))
    noise = float(np.median(errors[2 * count :]))
    foreign = errors > 3 * noise + 3
    if not foreign[0] or foreign[2 * count :].any():
        return None
    last = int(np.flatnonzero(foreign)[-1])
    return last + 1 - count


def sound_lag(heard: Wave, source: Wave, margin: int) -> SoundLag | None:
    """Find where the output plays a stretch of the source, whatever its gain.

    Args:
        heard: the output's sound at its planned place.
        source: the source's sound from ``margin`` samples before that stretch to as many after.
        margin: in samples at `LISTEN_RATE`.

    Returns:
        None where the source is too quiet or too even to tell.
    """
    length = len(source) - 2 * margin
    heard = heard[:length]
    planned = source[margin : margin + length]
    if length < _BLOCK or len(heard) < length or _rms(planned) < _SILENT:
        return None
    correlations = _correlations(heard - heard.mean(), source - source.mean(), length)
    best = float(correlations.max())
    if best < _HEARD_AGAIN:
        return SoundLag(0.0, best, found=False) if _structured(source) else None
    near = np.flatnonzero(correlations >= _SAME_PEAK * best) - margin
    offset = int(near[np.abs(near).argmin()])
    # The output's stretch matching the source earlier than planned means that it sounds late.
    return SoundLag(-offset / LISTEN_RATE, best)


def _correlations(heard: Wave, source: Wave, length: int) -> NDArray[np.float64]:
    """Normalised correlation at each position of the source."""
    size = 1 << (len(source) + length).bit_length()
    product = np.fft.rfft(source, size) * np.conj(np.fft.rfft(heard, size))
    dot = np.fft.irfft(product, size)[: len(source) - length + 1]
    power = np.concatenate([[0.0], np.cumsum(source.astype(np.float64) ** 2)])
    energy = power[length:] - power[: len(power) - length]
    scale = np.sqrt(np.maximum(energy, 1e-9) * max(float((heard.astype(np.float64) ** 2).sum()), 1e-9))
    correlations: NDArray[np.float64] = dot / scale
    return correlations


def loudest_window(source: Wave, length: int) -> int:
    """First sample of the loudest stretch of that length; the first where several are as loud."""
    if len(source) <= length:
        return 0
    power = np.concatenate([[0.0], np.cumsum(source.astype(np.float64) ** 2)])
    starts = np.arange(0, len(source) - length + 1, _BLOCK)
    energy = power[starts + length] - power[starts]
    # A window near the cut tells more about the cut: take it unless another is clearly louder.
    return int(starts[np.flatnonzero(energy >= 0.25 * energy.max())[0]])


def _structured(source: Wave) -> bool:
    blocks = source[: len(source) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    levels = np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=1)) + 1e-9
    return bool(np.quantile(levels, 0.9) > _STRUCTURE * np.quantile(levels, 0.1))


def dropped_seconds(heard: Wave, planned: Wave) -> float:
    """How long a sound is missing where the source has it, whatever the gain of the whole.

    Args:
        heard: the output's sound.
        planned: the source's, sample for sample.
    """
    count = min(len(heard), len(planned)) // _SHORT_BLOCK
    ours, theirs = (
        np.sqrt(
            (samples[: count * _SHORT_BLOCK].reshape(count, _SHORT_BLOCK).astype(np.float64) ** 2).mean(
                axis=1
            )
        )
        for samples in (heard, planned)
    )
    loud = theirs > max(_SILENT, _LOUD * float(theirs.max(initial=0.0)))
    if loud.sum() < _FEWEST_BLOCKS:
        return 0.0
    ratio = ours[loud] / theirs[loud]
    return float((ratio < _DROPPED * np.quantile(ratio, 0.75)).sum()) * _SHORT_BLOCK / LISTEN_RATE


def _rms(samples: Wave) -> float:
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean())) if len(samples) else 0.0
