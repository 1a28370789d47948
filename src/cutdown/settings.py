"""Typed options, and the one door to the environment.

Defaults live here once: the command line's options, the flows' parameters (and so the form in
Prefect's UI) and the documentation are made from these models. An option that changes an
answer is part of that phase's cache key; what does not (threads, progress) is not in a model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator

from cutdown.errors import UsageError
from cutdown.timebase import Frozen, Ratio

_TITLES: Final = {"llm": "Language model", "crf": "Quality (CRF)", "fps": "Frames a second"}


def _title(name: str, _info: object) -> str:
    """What a form calls an option."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


class Options(Frozen):
    """The base of what a person may choose: titles and descriptions make a form of it."""

    model_config = ConfigDict(field_title_generator=_title, allow_inf_nan=False)


NarrationMode = Literal["none", "bridges", "clean", "full"]
EngineName = Literal["pyav", "ffmpeg", "moviepy"]


class SpeechOptions(Options):
    """Ingest: how the recording is listened to."""

    transcriber: str = Field(
        default="local",
        description="Who listens: local (Whisper on this machine, free), openai, openai/MODEL; several separated by commas are tried in order",
    )
    whisper_model: str = Field(
        default="base",
        description="Whisper model: base and tiny.en come with the installation; small, medium, large-v3, turbo are fetched from the hub",
    )
    language: str | None = Field(
        default=None,
        description="Language spoken (ISO 639-1, such as en); found by listening where not given",
    )
    glossary: str = Field(
        default="", description="Names and terms that are said, separated by commas; helps Whisper spell them"
    )
    audio_track: int | None = Field(
        default=None,
        ge=0,
        description="Sound track to use, counted from 0; the file's default track where not given",
    )


class DirectorOptions(Options):
    """Director: what to leave out."""

    llm: str = Field(
        default="offline",
        description="Who decides: offline (rules, free), openai, anthropic, compatible/MODEL (any server that speaks OpenAI's protocol), each with /MODEL if you like; several separated by commas are tried in order",
    )
    target_ratio: float | None = Field(
        default=None, gt=0, le=1, description="Length wanted as a share of the recording, such as 0.3"
    )
    target_seconds: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Length wanted in seconds"
    )
    narration: NarrationMode = Field(
        default="clean",
        description="none: only the recorded voice; clean: sentences that cannot be cut cleanly are spoken anew; bridges: also a short line over a sped-up wait; full: all speech anew in one voice",
    )

    candidates: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Plans that a language model makes to choose the best from; each costs about as much as the first",
    )

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.target_ratio is not None and self.target_seconds is not None:
            raise ValueError("give --target-ratio or --target-seconds, not both")
        return self


class VoiceOptions(Options):
    """Voice: who speaks new narration, and how names are read."""

    voice: str = Field(
        default="hibari",
        description="Voice for new narration: hibari, kokoro (both free), openai:VOICE/MODEL, elevenlabs:VOICE/MODEL (name or id); several separated by commas are tried in order",
    )
    pronunciation: Path | None = Field(
        default=None,
        description="Your pronunciation dictionary (JSON or YAML), used on top of the one that is shipped",
    )


class RenderOptions(Options):
    """Assembly: what the video file is like."""

    engine: EngineName = Field(
        default="pyav",
        description="pyav: frame-exact and fastest; ffmpeg: hardware encoders, odd inputs; moviepy: the reference",
    )
    encoder: str = Field(
        default="libx264",
        description="Video encoder, such as libx264, libx265, h264_nvenc, h264_videotoolbox; tried before the run",
    )
    resolution: str | None = Field(
        default=None,
        pattern=r"^(\d{2,5}x\d{2,5}|\d{3,4}p)$",
        description="Size such as 1280x720 or 720p; the recording's own where not given",
    )
    fps: Annotated[
        Ratio | None,
        Field(description="Frames a second, such as 30 or 30000/1001; the recording's own where not given"),
        # A form has one box for each of these; a list of types would give none.
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}),
    ] = None
    cuts: Literal["soft", "hard"] = Field(
        default="soft",
        description="soft: where the picture jumps within a shot, the last three frames dissolve into what follows (engine pyav); hard: never",
    )
    crf: int = Field(default=23, ge=0, le=51, description="Quality: lower is better and larger")
    bitrate: str | None = Field(
        default=None,
        pattern=r"^(0*[1-9]\d*(\.\d+)?|0+\.0*[1-9]\d*)[kM]$",
        description="Picture bitrate such as 2500k, instead of --crf",
    )
    preset: str = Field(default="superfast", description="Encoder preset: ultrafast to veryslow")
    loudness: float = Field(
        default=-16.0, ge=-40, le=-5, description="Integrated loudness of the output in LUFS"
    )
    true_peak: float = Field(default=-1.0, ge=-9, le=0, description="Highest true peak in dBTP")


class OptimizeOptions(Options):
    """Everything that can be chosen for one video, by phase."""

    speech: SpeechOptions = SpeechOptions()
    director: DirectorOptions = DirectorOptions()
    voice: VoiceOptions = VoiceOptions()
    render: RenderOptions = RenderOptions()


HOME_VARIABLE: Final = "CUTDOWN_HOME"


def environment(name: str) -> str | None:
    """The value of an environment variable, or None where it is unset or empty."""
    return os.environ.get(name) or None


def secret(name: str) -> tuple[str, str] | None:
    """A secret's value and where it was found: the environment, else the nearest ``.env`` file.

    The file is looked for in the current folder and the folders above it.

    Raises:
        UsageError: the file cannot be read.
    """
    if value := environment(name):
        return value, "the environment"
    from dotenv import dotenv_values, find_dotenv

    place = ".env"
    try:
        place = find_dotenv(usecwd=True)
        value = dotenv_values(place, encoding="utf-8-sig").get(name) if place else None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(  # the first error holds the whole file
            f"cannot read the nearest .env file '{place}', where settings are looked for: {reason}; correct it, or put one "
            "that can be read into this folder"
        ) from None
    return (value, f"'{place}'") if value else None


def default_environment(values: Mapping[str, str], *, replace: bool = False) -> None:
    """Set environment variables that are not set yet; what a user set stays, unless it is replaced."""
    for name, value in values.items():
        if replace or name not in os.environ:
            os.environ[name] = value


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a program that is started, with changes."""
    return {**os.environ, **changes}


def state_folder() -> Path:
    """Where the store, caches and Prefect's database live.

    ``CUTDOWN_HOME``, else ``$XDG_CACHE_HOME/cutdown``, else ``~/.cache/cutdown``.
    """
    if chosen := environment(HOME_VARIABLE):
        return Path(chosen).expanduser().absolute()
    cache = environment("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "cutdown"


STORE_VARIABLE: Final = "CUTDOWN_STORE"


def shared_store() -> str | None:
    """The place where machines share what they made, such as ``s3://bucket/store``; None for this one alone."""
    found = secret(STORE_VARIABLE)
    return found[0] if found else None


def history_file() -> Path:
    """The metrics records of all runs of this machine: what forecasts learn from."""
    return state_folder() / "metrics.jsonl"
