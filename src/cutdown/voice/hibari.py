"""The default voice: hibari's ``heart``, small, English, and the same on every run."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from cutdown.errors import ModelError, ProviderError
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.store import hash_file
from cutdown.voice import Pace, Speech

SEED: Final = 0  # of the breath noise; fixed, so that a line always sounds the same
MODEL_SHA256: Final = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"


class HibariVoice:
    """Speaks English at 24 kHz in about a hundredth of real time."""

    provider: ClassVar[str] = "hibari"
    name: ClassVar[str] = "heart"  # the only voice that comes with the package; others would be downloaded
    languages: ClassVar[frozenset[str]] = frozenset({"en"})
    # Least squares over 216 sentences of speeches, minutes and manuals; on 216 others the forecast was
    # off by 4.4 % (median) and by 12.6 % at the ninetieth percentile.
    pace: ClassVar[Pace] = Pace(syllable=0.142, letter=0.0185, pause=0.209, stop=0.777)

    width: ClassVar[int] = 1  # it keeps every core busy by itself

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The voice; it has no other one, and costs nothing."""
        del choice, account
        return cls()

    @property
    def version(self) -> str:
        """Package version, weights and seed."""
        return f"hibari-tts {version('hibari-tts')} {MODEL_SHA256[:12]} seed {SEED}"

    def say(self, line: str) -> Speech:
        """Speak one line; see `cutdown.voice.Voice.say`."""
        speaker = _load()
        samples = speaker(line, seed=SEED)
        if samples.size == 0:
            raise ProviderError(
                f"voice 'hibari' found nothing to speak in a line of {len(line)} characters: it reads English "
                "letters and digits only; reword the narration, or give a reading in --pronunciation"
            )
        return Speech(samples=samples, rate=int(speaker.sample_rate))


@cache
def _load() -> Any:
    """The model, once a process."""
    import hibari

    model = Path(hibari.__file__).parent / "assets" / "hibari.onnx"
    if not model.is_file() or hash_file(model) != MODEL_SHA256:
        raise ModelError(
            f"the voice's weights '{model.name}' of hibari-tts are missing or changed (expected sha256 "
            f"{MODEL_SHA256}); reinstall hibari-tts==0.2.1"
        )
    return hibari.Hibari(voice=HibariVoice.name, model=str(model))
