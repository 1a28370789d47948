"""What a recording is said to be, against files made to be so."""

import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from media_kit import make_recording

from cutdown.errors import MediaError, UsageError
from cutdown.media import ffmpeg
from cutdown.media.probe import probe
from cutdown.store import hash_file

NTSC = Fraction(30000, 1001)


def made(
    target: Path, *arguments: str, picture: str = "testsrc2=size=160x90:rate=30", seconds: float = 2
) -> Path:
    """A file by ffmpeg, with a picture and a tone unless the arguments map otherwise."""
    sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    ffmpeg.run([*sources, "-t", str(seconds), "-preset", "ultrafast", *arguments, str(target)])
    return target


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system takes no such name")
def test_a_name_that_no_text_can_hold_is_refused(tmp_path: Path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/t\xe4lk.mp4"))  # Latin-1, as old archives have it
    make_recording(tmp_path / "talk.mp4", seconds=1).rename(path)
    with pytest.raises(UsageError, match=r"t\\xe4lk\.mp4' is not UTF-8"):
        probe(path)


def test_a_plain_recording(tmp_path: Path):
    path = made(tmp_path / "a film – «talk».mp4", "-metadata:s:a", "language=deu")
    found = probe(path)
    assert (found.name, found.size_bytes, found.sha256) == (path.name, path.stat().st_size, hash_file(path))
    assert found.duration == 2
    picture = found.picture
    assert picture is not None
    assert (picture.codec, picture.width, picture.height, picture.frames) == ("h264", 160, 90, 60)
    assert (picture.rate, picture.variable_rate, picture.rotation, picture.pixel_aspect, picture.start) == (
        30,
        False,
        0,
        1,
        0,
    )
    track = found.audio[0]
    assert (track.order, track.codec, track.sample_rate, track.channels, track.language) == (
        0,
        "aac",
        48000,
        1,
        "deu",
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize("rate", [NTSC, Fraction(24000, 1001), Fraction(25), Fraction(25, 2), Fraction(60)])
def test_constant_rates_are_exact_even_where_the_container_rounds(
    tmp_path: Path, rate: Fraction, suffix: str
):
    picture = probe(made(tmp_path / f"x{suffix}", picture=f"testsrc2=size=64x64:rate={rate}")).picture
    assert picture is not None
    assert (picture.rate, picture.variable_rate) == (rate, False)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_rate_is_measured_not_believed(tmp_path: Path, suffix: str):
    gaps = [Fraction(1, 60), Fraction(1, 20), Fraction(1, 7)]
    times = [Fraction(0)]
    for index in range(59):
        times.append(times[-1] + gaps[index % 3])
    path = make_recording(
        tmp_path / f"v{suffix}",
        seconds=2,
        sound=False,
        time_of=lambda number: times[number],
        options={"bf": "2"},
    )
    picture = probe(path).picture
    assert picture is not None
    assert picture.variable_rate
    assert picture.frames == 60
    assert float(picture.rate) == pytest.approx(59 / times[59], rel=0.001)


def test_dropped_frames_make_a_rate_variable(tmp_path: Path):
    path = made(tmp_path / "d.mp4", "-vf", "select='not(eq(mod(n,17),5))'", "-fps_mode", "vfr")
    picture = probe(path).picture
    assert picture is not None
    assert picture.variable_rate
    assert picture.frames == 56


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_rotation_agrees_with_ffmpegs_own_upright_picture(tmp_path: Path, turn: int):
    flat = made(
        tmp_path / "flat.mp4", "-an", picture="color=red:size=160x90:rate=10,drawbox=0:0:40:30:blue:fill"
    )
    turned = tmp_path / "turned.mp4"
    ffmpeg.run(["-display_rotation", str(turn), "-i", str(flat), "-c", "copy", str(turned)])
    picture = probe(turned).picture
    assert picture is not None
    assert picture.rotation == (360 - turn) % 360  # ffmpeg's option counts anticlockwise
    shown: list[bytes] = []
    ffmpeg.run(
        ["-i", str(turned), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"],
        take=shown.append,
    )
    lines = {0: "null", 90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}[picture.rotation]
    by_hand: list[bytes] = []
    ffmpeg.run(
        [
            "-noautorotate",
            "-i",
            str(turned),
            "-vf",
            lines,
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "pipe:1",
        ],
        take=by_hand.append,
    )
    assert b"".join(shown) == b"".join(by_hand)
    size = (picture.display_width, picture.display_height)
    assert size == ((160, 90) if turn % 180 == 0 else (90, 160))


def test_pixel_aspect_and_odd_sizes_become_square_even_pixels(tmp_path: Path):
    path = made(
        tmp_path / "odd.mkv",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv444p",
        "-vf",
        "setsar=2/1",
        picture="testsrc=size=161x91:rate=30",
    )
    picture = probe(path).picture
    assert picture is not None
    assert (picture.width, picture.height, picture.pixel_format) == (161, 91, "yuv444p")
    assert (picture.pixel_aspect, picture.display_width, picture.display_height) == (2, 322, 92)


def test_colour_is_what_the_stream_declares(tmp_path: Path):
    declared = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    path = made(tmp_path / "hdr.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-vf", declared)
    picture = probe(path).picture
    assert picture is not None
    colour = picture.colour
    assert (colour.primaries, colour.transfer, colour.matrix, colour.range) == (
        "bt2020",
        "smpte2084",
        "bt2020nc",
        "tv",
    )


def test_time_zero_is_the_containers_start(tmp_path: Path):
    path = tmp_path / "late.mkv"
    ffmpeg.run([
        "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=2", "-itsoffset", "0.5",
        "-f", "lavfi", "-i", "sine=duration=1", "-output_ts_offset", "3", str(path),
    ])  # fmt: skip
    found = probe(path)
    assert found.picture is not None
    assert float(found.picture.start) == pytest.approx(0, abs=0.002)
    assert float(found.audio[0].start) == pytest.approx(0.5, abs=0.03)
    assert float(found.duration) == pytest.approx(2, abs=0.03)


def test_every_sound_track_is_listed(tmp_path: Path):
    path = tmp_path / "two.mkv"
    ffmpeg.run([
        "-f", "lavfi", "-i", "sine=duration=1", "-f", "lavfi", "-i", "sine=duration=1:sample_rate=16000",
        "-map", "0", "-map", "1", "-c:a", "pcm_s16le", "-metadata:s:a:1", "title=Commentary",
        "-disposition:a:0", "0", "-disposition:a:1", "default", str(path),
    ])  # fmt: skip
    found = probe(path)
    assert found.picture is None
    assert [(t.order, t.stream_index, t.sample_rate, t.title, t.default) for t in found.audio] == [
        (0, 0, 44100, None, False),
        (1, 1, 16000, "Commentary", True),
    ]


def test_cover_art_is_no_picture(tmp_path: Path):
    cover, path = tmp_path / "c.png", tmp_path / "song.m4a"
    ffmpeg.run(["-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(cover)])
    ffmpeg.run([
        "-f", "lavfi", "-i", "sine=duration=1", "-i", str(cover), "-map", "0", "-map", "1",
        "-c:v", "copy", "-disposition:v", "attached_pic", "-f", "mp4", str(path),
    ])  # fmt: skip
    found = probe(path)
    assert found.picture is None
    assert len(found.audio) == 1


def test_a_live_webm_without_a_duration_is_measured(tmp_path: Path):
    path = tmp_path / "live.webm"
    made(path, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", "-live", "1")
    with av.open(str(path)) as container:
        assert container.duration is None
    found = probe(path)
    assert float(found.duration) == pytest.approx(2, abs=0.05)
    assert found.picture is not None
    assert found.picture.frames == 60


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def fast_start(tmp_path: Path) -> Path:
    return cut(made(tmp_path / "half.mp4", "-movflags", "+faststart"), 0.6)


def matroska(tmp_path: Path) -> Path:
    return cut(made(tmp_path / "half.mkv"), 0.6)


@pytest.mark.parametrize("make", [fast_start, matroska])
def test_a_file_cut_off_is_noticed_though_it_opens(tmp_path: Path, make: Callable[[Path], Path]):
    with pytest.raises(MediaError, match=r"'half\.\w+' is cut off: (59|60) %"):
        probe(make(tmp_path))


def test_a_fragmented_file_cut_off_is_read_as_far_as_it_goes(tmp_path: Path):
    path = made(tmp_path / "f.mp4", "-g", "15", "-movflags", "+frag_keyframe+empty_moov")
    found = probe(cut(path, 0.6))
    assert found.picture is not None
    assert 10 <= found.picture.frames < 60
    assert 0.3 < found.duration < 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"no film at all\n" * 50, "is not a video or sound file"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile '/etc/hostname'\n", "not a"),
        ("words.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "not a recording"),
        ("head.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\1\0mdat" + bytes(244), "without 'moov'"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, says: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert says in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_image_is_no_recording(tmp_path: Path):
    path = tmp_path / "still.png"
    ffmpeg.run(["-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(path)])
    with pytest.raises(MediaError, match="not a recording"):
        probe(path)


def test_a_path_that_leads_nowhere_is_the_callers(tmp_path: Path):
    with pytest.raises(UsageError, match="no file"):
        probe(tmp_path / "absent.mp4")
    with pytest.raises(UsageError, match="not a file"):
        probe(tmp_path)


def test_real_screen_recordings(shared_data: Path):
    found = {path.name: probe(path).picture for path in sorted((shared_data / "video").glob("screen_*"))}
    assert all(picture is not None and picture.frames > 100 for picture in found.values())
    variable = {name for name, picture in found.items() if picture is not None and picture.variable_rate}
    assert variable == {"screen_chart-builder-table.mp4", "screen_remote-storage.mp4"}


@pytest.mark.parametrize("name", ["cut60.mp4", "empty.mp4", "head4k.mp4", "text.mp4"])
def test_broken_files_are_refused(shared_data: Path, name: str):
    with pytest.raises(MediaError, match=name):
        probe(shared_data / "robustness" / name)


@pytest.mark.parametrize(
    ("name", "frames", "tracks"),
    [
        ("audio_only.webm", 0, 1),
        ("no_moov.mp4", 60, 1),
        ("odd641x361.mkv", 360, 1),
        ("two_audio.mkv", 300, 2),
        ("vfr_noaudio.mp4", 198, 0),
    ],
)
def test_files_that_are_only_unusual_are_read(shared_data: Path, name: str, frames: int, tracks: int):
    found = probe(shared_data / "robustness" / name)
    assert (found.picture.frames if found.picture else 0, len(found.audio)) == (frames, tracks)
