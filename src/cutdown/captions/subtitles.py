"""Captions as files: SubRip and WebVTT."""

from __future__ import annotations

import html
from collections.abc import Sequence
from fractions import Fraction

from cutdown.captions.layout import Caption


def to_srt(captions: Sequence[Caption]) -> str:
    """SubRip text; empty where nothing is said."""
    return "".join(
        f"{number}\n{_clock(caption.start, ',')} --> {_clock(caption.end, ',')}\n{caption.text}\n\n"
        for number, caption in enumerate(captions, start=1)
    )


def to_vtt(captions: Sequence[Caption]) -> str:
    """WebVTT text; its header alone where nothing is said."""
    cues = "".join(
        f"\n{_clock(caption.start, '.')} --> {_clock(caption.end, '.')}\n{html.escape(caption.text, quote=False)}\n"
        for caption in captions
    )
    return f"WEBVTT\n{cues}"


def _clock(moment: Fraction, mark: str) -> str:
    milliseconds = round(moment * 1000)
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{thousandths:03}"
