"""The engines beside the default one show the same timeline."""

import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from cutting_kit import Cut, some_cuts, timeline_of
from media_kit import NTSC, make_recording, numbers_in

from cutdown.assembly.encoder_options import encoder_options
from cutdown.assembly.engines import engine_named
from cutdown.assembly.picture_format import picture_format
from cutdown.errors import MediaError, UsageError
from cutdown.media.probe import probe
from cutdown.progress import unheard
from cutdown.settings import RenderOptions
from cutdown.store import Store
from cutdown.timeline import FRAME_TOLERANCE, Timeline


def draw(
    engine: str, path: Path, timeline: Timeline, folder: Path, options: RenderOptions | None = None
) -> Path:
    recording = probe(path)
    assert recording.picture is not None
    picture = picture_format(recording.picture, options or RenderOptions(), timeline.rate)
    folder.mkdir(exist_ok=True)
    target = folder / f"{engine} «é» it's.mp4"
    shares: list[float] = []
    drawn = engine_named(engine).draw(
        path,
        recording,
        timeline,
        picture,
        target,
        store=Store(folder / "store"),
        scratch=folder,
        progress=shares.append,
    )
    assert drawn.rendering_time > 0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return target


def planned(timeline: Timeline, times: list[Fraction]) -> list[int]:
    """The source frame that each output frame shows, by the timeline's own rule."""
    moments = [
        segment.source_moment(offset, timeline.rate) + FRAME_TOLERANCE
        for segment in timeline.segments
        for offset in range(segment.frames)
    ]
    return [max(0, sum(time <= moment for time in times) - 1) for moment in moments]


def test_ffmpeg_puts_every_frame_where_it_belongs(tmp_path: Path):
    path = make_recording(
        tmp_path / "x.mp4", seconds=12, rate=NTSC, sound=False, options={"g": "50", "bf": "2"}
    )
    timeline = timeline_of(probe(path), NTSC, some_cuts(350, 8, seed=1))
    shown = numbers_in(draw("ffmpeg", path, timeline, tmp_path / "out"))
    assert shown == planned(timeline, [number / NTSC for number in range(400)])


def test_ffmpeg_keeps_the_frame_that_stands_where_the_rate_varies(tmp_path: Path):
    gaps = [Fraction(1, 60), Fraction(1, 3), Fraction(1, 20), Fraction(1, 2)]
    times = [Fraction(0)]
    for number in range(39):
        times.append(times[-1] + gaps[number % 4])
    path = make_recording(
        tmp_path / "v.mkv", seconds=4, rate=Fraction(10), sound=False, time_of=lambda number: times[number]
    )
    cuts = [
        Cut("keep", 41),
        Cut("cut", 33),
        Cut("speedup", 60, Fraction(3, 2)),
        Cut("cut", 7),
        Cut("rewrite", 50, Fraction(9, 10), 5),
    ]
    timeline = timeline_of(probe(path), Fraction(30), cuts)
    assert numbers_in(draw("ffmpeg", path, timeline, tmp_path / "out")) == planned(timeline, times)


def test_ffmpeg_finds_its_keyframe_in_a_stream_without_an_index(tmp_path: Path):
    path = make_recording(
        tmp_path / "x.ts", seconds=4, sound=False, options={"preset": "veryfast", "g": "50", "bf": "2"}
    )
    timeline = timeline_of(
        probe(path), Fraction(30), [Cut("cut", 40), Cut("keep", 9), Cut("cut", 45), Cut("keep", 9)]
    )
    shown = numbers_in(draw("ffmpeg", path, timeline, tmp_path / "out"))
    assert shown == [*range(40, 49), *range(94, 103)]


@pytest.mark.parametrize("size", ["640x180", "100p"])
def test_ffmpeg_fits_the_picture_into_the_size_asked_for(tmp_path: Path, size: str):
    path = make_recording(tmp_path / "x.mp4", seconds=1, sound=False)
    timeline = timeline_of(probe(path), Fraction(30), [Cut("keep", 12)])
    out = draw("ffmpeg", path, timeline, tmp_path / "out", RenderOptions(resolution=size))
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == ((640, 180) if size == "640x180" else (178, 100))
        luma = frame.to_ndarray(format="gray")
        middle = luma[luma.shape[0] // 4]
        bars = middle[: frame.width // 5].mean() < 20 and middle[-frame.width // 5 :].mean() < 20
        assert bars == (size == "640x180")


@pytest.mark.parametrize("engine", ["ffmpeg", "moviepy"])
def test_what_is_written_is_at_the_exact_rate_and_declares_its_colours(tmp_path: Path, engine: str):
    if engine == "moviepy":
        pytest.importorskip("moviepy", reason="needs the extra: uv sync --extra moviepy")
    path = make_recording(tmp_path / "x.mp4", seconds=3, rate=NTSC, sound=False)
    timeline = timeline_of(probe(path), NTSC, [Cut("keep", 31), Cut("cut", 10), Cut("keep", 40, hold=4)])
    found = probe(draw(engine, path, timeline, tmp_path / "out")).picture
    assert found is not None
    assert (found.rate, found.variable_rate, found.frames, found.start) == (NTSC, False, timeline.frames, 0)
    assert found.pixel_format == "yuv420p"
    assert (found.colour.matrix, found.colour.range) == ("smpte170m", "tv")


def test_moviepy_shows_the_same_timeline_within_its_own_error(tmp_path: Path):
    pytest.importorskip("moviepy", reason="needs the extra: uv sync --extra moviepy")
    path = make_recording(tmp_path / "x.mp4", seconds=8, sound=False)
    timeline = timeline_of(probe(path), Fraction(30), some_cuts(230, 6, seed=2))
    shown = numbers_in(draw("moviepy", path, timeline, tmp_path / "out"))
    wanted = planned(timeline, [number / Fraction(30) for number in range(240)])
    assert len(shown) == len(wanted)
    assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 1


def test_without_moviepy_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "moviepy", None)
    monkeypatch.delitem(sys.modules, "cutdown.assembly.moviepy_engine", raising=False)
    with pytest.raises(UsageError, match=r"'moviepy'.*not installed"):
        engine_named("moviepy")


@pytest.mark.parametrize("engine", ["ffmpeg", "moviepy"])
def test_an_encoder_that_is_not_there_is_refused(tmp_path: Path, engine: str):
    if engine == "moviepy":
        pytest.importorskip("moviepy", reason="needs the extra: uv sync --extra moviepy")
    path = make_recording(tmp_path / "x.mp4", seconds=1, sound=False)
    timeline = timeline_of(probe(path), Fraction(30), [Cut("keep", 12)])
    with pytest.raises(UsageError, match=r"hal_9000.*libx264"):
        draw(engine, path, timeline, tmp_path / "out", RenderOptions(encoder="hal_9000", bitrate="500k"))


def test_a_recording_that_is_gone_bad_is_named(tmp_path: Path):
    path = make_recording(tmp_path / "x.mp4", seconds=2, sound=False, options={"g": "10"})
    recording = probe(path)
    timeline = timeline_of(recording, Fraction(30), [Cut("keep", 30), Cut("cut", 5), Cut("keep", 20)])
    assert recording.picture is not None
    path.write_bytes(b"no longer a film")
    with pytest.raises(MediaError, match=r"x\.mp4"):
        engine_named("ffmpeg").draw(
            path, recording, timeline, picture_format(recording.picture, RenderOptions(), timeline.rate),
            tmp_path / "o.mp4", store=Store(tmp_path / "s"), scratch=tmp_path, progress=unheard,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        ("libx264", {"preset": "superfast", "crf": "23"}),
        ("hevc_nvenc", {"preset": "p1", "cq": "23", "b:v": "0"}),
        ("h264_qsv", {"preset": "veryfast", "global_quality": "23"}),
        ("h264_vaapi", {"rc_mode": "CQP", "qp": "23"}),
        ("h264_videotoolbox", {"q:v": "55"}),
        ("libsvtav1", {"preset": "11", "crf": "28"}),
    ],
)
def test_every_family_is_asked_in_its_own_words(tmp_path: Path, encoder: str, says: dict[str, str]):
    recording = probe(make_recording(tmp_path / "x.mp4", seconds=1, sound=False))
    assert recording.picture is not None
    options = RenderOptions(encoder=encoder)
    given = encoder_options(picture_format(recording.picture, options, Fraction(30)))
    assert says.items() <= given.items()
    by_rate = encoder_options(
        picture_format(recording.picture, RenderOptions(encoder=encoder, bitrate="2M"), Fraction(30))
    )
    assert by_rate["b:v"] == "2000000"
    assert "crf" not in by_rate


def test_other_codecs_of_this_machine_are_written_too(tmp_path: Path):
    path = make_recording(tmp_path / "x.mp4", seconds=1, sound=False)
    timeline = timeline_of(probe(path), Fraction(30), [Cut("keep", 12), Cut("cut", 4), Cut("keep", 10)])
    out = draw(
        "ffmpeg", path, timeline, tmp_path / "out", RenderOptions(encoder="libx265", preset="ultrafast")
    )
    assert numbers_in(out) == [*range(12), *range(16, 26)]
    picture = probe(out).picture
    assert picture is not None
    assert picture.codec == "hevc"
