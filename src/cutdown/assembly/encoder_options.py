"""One quality and one preset, said in the words of each encoder that ffmpeg may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cutdown.assembly.picture_format import PictureFormat
from cutdown.errors import UsageError

_PRESETS: Final = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
_KEYFRAME_SECONDS: Final = 8  # a player that jumps decodes at most so much

# The option of each family that trades time for size, and its value for each preset.
_SPEEDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "libx264": ("preset", _PRESETS),
    "libx265": ("preset", _PRESETS),
    "libsvtav1": ("preset", ("12", "11", "10", "9", "8", "6", "4", "3", "2")),
    "libvpx-vp9": ("cpu-used", ("8", "7", "6", "5", "4", "3", "2", "1", "0")),
    "nvenc": ("preset", ("p1", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p7")),
    "qsv": ("preset", ("veryfast", "veryfast", *_PRESETS[2:])),
    "amf": ("quality", ("speed",) * 4 + ("balanced",) * 2 + ("quality",) * 3),
}

# How each family is asked for a quality of 0 to 51, lower is better.
_QUALITIES: Final[Mapping[str, Callable[[int], dict[str, str]]]] = {
    "libx264": lambda crf: {"crf": str(crf)},
    "libx265": lambda crf: {"crf": str(crf)},
    "libsvtav1": lambda crf: {"crf": _of(63, crf)},
    "libvpx-vp9": lambda crf: {"crf": _of(63, crf), "b:v": "0", "deadline": "good", "row-mt": "1"},
    "nvenc": lambda crf: {"rc": "vbr", "cq": str(crf), "b:v": "0"},
    "qsv": lambda crf: {"global_quality": str(crf)},
    "vaapi": lambda crf: {"rc_mode": "CQP", "qp": str(crf)},
    "amf": lambda crf: {"rc": "cqp", "qp_i": str(crf), "qp_p": str(crf)},
    "videotoolbox": lambda crf: {"q:v": str(100 - int(_of(99, crf)))},  # 1 to 100, higher is better
}


def encoder_options(picture: PictureFormat) -> dict[str, str]:
    """Options of ffmpeg for the output's encoder, by their names without the dash.

    Raises:
        UsageError: no such preset, or nobody knows how to ask the encoder for a quality and no bit rate was given.
    """
    if picture.preset not in _PRESETS:
        raise UsageError(f"no preset '{picture.preset}'; choose from {', '.join(_PRESETS)}")
    family = _family(picture.encoder)
    options = {"c:v": picture.encoder, "g": str(round(_KEYFRAME_SECONDS * picture.rate))}
    if family in _SPEEDS:
        option, values = _SPEEDS[family]
        options[option] = values[_PRESETS.index(picture.preset)]
    if picture.bit_rate is not None:
        return options | {"b:v": str(picture.bit_rate)}
    if family not in _QUALITIES or picture.crf is None:
        raise UsageError(
            f"what quality means to the encoder '{picture.encoder}' is not known; give --bitrate, such as 2500k"
        )
    return options | _QUALITIES[family](picture.crf)


def option_words(options: Mapping[str, str]) -> list[str]:
    """The options as words of a command line, without the encoder's name."""
    return [word for name, value in options.items() if name != "c:v" for word in (f"-{name}", value)]


def _family(encoder: str) -> str:
    """Hardware encoders of one maker take the same options for every codec: ``nvenc`` of ``hevc_nvenc``."""
    maker = encoder.rpartition("_")[2]
    return maker if maker in _QUALITIES else encoder


def _of(top: int, crf: int) -> str:
    """A quality on a scale that ends at ``top`` where H.264's ends at 51."""
    return str(round(crf * top / 51))
