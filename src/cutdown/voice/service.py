"""What the voices of services have in common."""

from __future__ import annotations

from typing import Final

from cutdown.errors import ProviderError
from cutdown.voice import Pace

DEADLINE: Final = 90.0  # seconds for one line; services need 5-15 s for a minute of speech

# No service tells how fast its voices speak. The default voice's measured pace is taken for theirs;
# lines are measured when they come, and fitted by what was measured.
PACE: Final = Pace(syllable=0.142, letter=0.0185, pause=0.209, stop=0.777)

LANGUAGES: Final = frozenset(
    [
        "ar",
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "fi",
        "fil",
        "fr",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "ms",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sv",
        "ta",
        "tr",
        "uk",
        "vi",
        "zh",
    ]
)
"""ISO 639-1 codes that both services name for their voices."""


def require_words(line: str, title: str) -> None:
    """See that a line can be spoken at all, before it is paid for.

    Raises:
        ProviderError: it holds no letter and no digit.
    """
    if not any(sign.isalnum() for sign in line):
        raise ProviderError(
            f"{title} found nothing to speak in a line of {len(line)} characters; reword the narration",
            fault="nothing to speak",
        )
