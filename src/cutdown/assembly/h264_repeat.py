"""Repeated pictures of an H.264 stream, made without encoding them.

A screen shows the same picture most of the time, and a constant frame rate wants a frame for
every tick all the same. In H.264 such a frame is a dozen bytes: a P picture in which every
macroblock is skipped, an exact copy of the one before. One is taken from the encoder itself,
which codes a flat grey picture twice, and is then written as often as it is needed.

Frames count modulo a power of two from their IDR picture (``frame_num``, a field of fixed width near the
head of a slice: ITU-T H.264, 7.3.3). Where repeats are put between an encoder's pictures, those after them
count on, and only those few bits are rewritten. It holds for streams without B pictures, with
one reference picture and one slice a picture, which is how `piece_writer` encodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cutdown.errors import RenderError

_NAL_KIND: Final = 0x1F
_SLICE, _IDR, _SPS = 1, 5, 7
_START: Final = b"\x00\x00\x01"
_HIGH_PROFILES: Final = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_HEAD_BYTES: Final = 8  # more than a slice header up to frame_num can take


class _Bits:
    """Reads a few bits from the head of a NAL unit, without its first byte."""

    def __init__(self, data: bytes) -> None:
        self.length = 8 * len(data)
        self.value = int.from_bytes(data, "big")
        self.at = 0

    def fixed(self, width: int) -> int:
        """An unsigned number of ``width`` bits."""
        self.at += width
        return (self.value >> (self.length - self.at)) & ((1 << width) - 1)

    def golomb(self) -> int:
        """An Exp-Golomb number, ``ue(v)``."""
        zeros = 0
        while self.fixed(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.fixed(zeros)


def _units(data: bytes) -> list[tuple[int, int]]:
    """Where each NAL unit of an Annex B packet begins (behind its start code), and its kind."""
    found = []
    at = data.find(_START)
    while at >= 0:
        found.append((at + 3, data[at + 3] & _NAL_KIND))
        if found[-1][1] in (_SLICE, _IDR):
            break  # one slice a picture: what follows is long and need not be searched
        at = data.find(_START, at + 3)
    return found


@dataclass(frozen=True)
class FrameCounter:
    """Where a stream keeps its frame number, and a way to set it."""

    width: int
    """Bits of ``frame_num``."""

    @staticmethod
    def of(extradata: bytes) -> FrameCounter:
        """Read the stream's sequence parameters.

        Args:
            extradata: what the encoder gives as its header, in Annex B form.

        Raises:
            RenderError: when the stream orders its pictures otherwise than by frame number.
        """
        for start, kind in _units(extradata):
            if kind == _SPS:
                bits = _Bits(extradata[start + 1 : start + 24].replace(b"\x00\x00\x03", b"\x00\x00"))
                profile = bits.fixed(8)
                bits.fixed(16)
                bits.golomb()
                if profile in _HIGH_PROFILES:
                    chroma, _, _ = bits.golomb(), bits.golomb(), bits.golomb()
                    if chroma == 3 or bits.fixed(2) != 0:
                        break
                width = bits.golomb() + 4
                if bits.golomb() == 2:
                    return FrameCounter(width)
        raise RenderError("the H.264 encoder orders its pictures in a way that repeats cannot follow")

    def renumber(self, packet: bytes, number: int) -> bytes:
        """The packet with another frame number.

        Args:
            packet: one picture in Annex B form, not an IDR picture.
            number: pictures since the last IDR picture.
        """
        start = next(at for at, kind in _units(packet) if kind == _SLICE)
        head = packet[start + 1 : start + 1 + _HEAD_BYTES]
        bits = _Bits(head)
        bits.golomb(), bits.golomb(), bits.golomb()  # first macroblock, slice type, parameter set
        shift = bits.length - bits.at - self.width
        mask = ((1 << self.width) - 1) << shift
        value = (bits.value & ~mask) | ((number << shift) & mask)
        changed = value.to_bytes(len(head), "big")
        # A slice begins with a 1 bit and ends its header within the next bytes, so that three
        # bytes that would need an emulation prevention byte cannot arise; if they did, say so.
        if b"\x00\x00" in changed[:4]:
            raise RenderError("a frame number would break the H.264 stream; choose another --preset")
        return packet[: start + 1] + changed + packet[start + 1 + len(head) :]
