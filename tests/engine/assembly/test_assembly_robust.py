"""Recordings of every odd kind come out upright, whole and on their frames."""

from __future__ import annotations

import stat
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cutting_kit import Cut, plain_signals, timeline_of
from media_kit import describe, luma_of, make_recording, numbers_in, read_bar_code

from cutdown.assembly.mux import mux
from cutdown.assembly.render import Rendered, render, try_options
from cutdown.errors import UsageError
from cutdown.media import ffmpeg
from cutdown.media.probe import probe
from cutdown.recording import Recording
from cutdown.settings import EngineName, RenderOptions
from cutdown.store import Store

RATE = Fraction(30)
CUTS = [Cut("keep", 20), Cut("cut", 13), Cut("speedup", 24, Fraction(2)), Cut("keep", 10)]
SHOWN = [*range(20), *range(33, 57, 2), *range(57, 67)]


def rendered(
    source: Path,
    folder: Path,
    *,
    recording: Recording | None = None,
    cuts: list[Cut] = CUTS,
    track: int | None = None,
    **options: object,
) -> Rendered:
    recording = recording or probe(source)
    timeline = timeline_of(recording, RATE, cuts)
    if not recording.audio:
        timeline = timeline.model_copy(update={"sounds": ()})
    return render(
        source, recording, timeline, None, plain_signals(recording), RenderOptions(**options),
        Store(folder / "store"), track=track, scratch=folder,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [("yuv444p", (321, 181)), ("yuv420p10le", (320, 180)), ("yuvj420p", (320, 180)), ("yuv422p", (322, 178))],
)
def test_pixel_formats_and_odd_sizes(tmp_path: Path, pixel_format: str, size: tuple[int, int]) -> None:
    source = make_recording(
        tmp_path / "in.mp4", seconds=3, size=size, pixel_format=pixel_format,
        full_range=pixel_format.startswith("yuvj"),
    )  # fmt: skip
    result = rendered(source, tmp_path)
    assert numbers_in(result.path) == SHOWN
    with av.open(str(result.path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert abs(stream.width - size[0]) <= 1
        assert stream.average_rate == RATE


def test_full_range_becomes_limited(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3, pixel_format="yuvj420p", full_range=True)
    result = rendered(source, tmp_path)
    with av.open(str(result.path)) as container:
        frame = next(container.decode(video=0))
        middle = float(luma_of(frame)[120, 100:200].mean())
    assert middle == pytest.approx(16 + 110 * 219 / 255, abs=2)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_picture_stands_upright(tmp_path: Path, rotation: int) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3)
    recording = describe(source, rotation=rotation)
    result = rendered(source, tmp_path, recording=recording)
    with av.open(str(result.path)) as container:
        frames = [luma_of(frame) for frame in container.decode(video=0)]
    assert frames[0].shape == ((320, 180) if rotation != 180 else (180, 320))
    turned_back = [np.rot90(frame, rotation // 90) for frame in frames]
    assert [read_bar_code(frame) for frame in turned_back] == SHOWN


def test_a_phone_s_rotation_mark_is_followed(tmp_path: Path) -> None:
    lying = make_recording(tmp_path / "lying.mp4", seconds=3)
    source = tmp_path / "in.mp4"
    # The display matrix turns anticlockwise by its angle: 90 there is 270 clockwise.
    ffmpeg.run(["-display_rotation", "90", "-i", str(lying), "-c", "copy", str(source)])
    result = rendered(source, tmp_path)
    with av.open(str(result.path)) as container:
        frames = [luma_of(frame) for frame in container.decode(video=0)]
    assert frames[0].shape == (320, 180)
    assert [read_bar_code(np.rot90(frame, -1)) for frame in frames] == SHOWN


@pytest.mark.parametrize("engine", ["pyav", "ffmpeg"])
@pytest.mark.parametrize(
    "mark", [["-display_hflip"], ["-display_vflip"], ["-display_rotation", "90", "-display_hflip"]]
)
def test_a_mirrored_picture_stands_as_players_show_it(tmp_path: Path, mark: list[str], engine: str) -> None:
    stored = make_recording(tmp_path / "stored.mp4", seconds=0.5)
    source, shown = tmp_path / "in.mp4", tmp_path / "shown.mp4"
    ffmpeg.run([*mark, "-i", str(stored), "-c", "copy", str(source)])
    ffmpeg.run(["-i", str(source), "-c:v", "libx264", "-crf", "10", str(shown)])  # ffmpeg turns by itself
    result = rendered(source, tmp_path, cuts=[Cut("keep", 5)], engine=engine)
    with av.open(str(result.path)) as ours, av.open(str(shown)) as theirs:
        one, other = (luma_of(next(file.decode(video=0))).astype(float) for file in (ours, theirs))
    assert one.shape == other.shape
    assert np.abs(one - other).mean() < 4


def test_pixel_aspect_becomes_square(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3, aspect=Fraction(2, 3))
    result = rendered(source, tmp_path)
    assert (result.width, result.height) == (214, 180)
    assert numbers_in(result.path) == SHOWN


def test_a_frame_of_another_shape_gets_bars(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3)
    result = rendered(source, tmp_path, resolution="200x200")
    with av.open(str(result.path)) as container:
        luma = luma_of(next(container.decode(video=0)))
    assert luma.shape == (200, 200)
    assert luma[:40].max() < 30
    assert luma[-40:].max() < 30
    assert luma[60:100].min() > 60


def test_variable_rate_shows_the_last_frame_whose_time_has_come(tmp_path: Path) -> None:
    def time_of(number: int) -> Fraction:
        return Fraction(number, 30) + (Fraction(1, 50) if number % 3 == 1 else 0) + Fraction(number // 20, 4)

    source = make_recording(tmp_path / "in.mp4", seconds=3, time_of=time_of)
    result = rendered(source, tmp_path, cuts=[Cut("keep", 60), Cut("cut", 10), Cut("keep", 40)])
    wanted = [
        max(number for number in range(90) if time_of(number) <= Fraction(tick, 30) + Fraction(2, 1000))
        for tick in [*range(60), *range(70, 110)]
    ]
    assert numbers_in(result.path) == wanted


def test_live_webm_without_index(tmp_path: Path) -> None:
    source = make_recording(
        tmp_path / "live.webm", seconds=4, size=(160, 90), encoder="libvpx",
        options={"deadline": "realtime", "cpu-used": "8", "g": "25"}, container_options={"live": "1"},
    )  # fmt: skip
    result = rendered(
        source, tmp_path, cuts=[Cut("cut", 62), Cut("keep", 20), Cut("cut", 10), Cut("keep", 10)]
    )
    assert numbers_in(result.path) == [*range(62, 82), *range(92, 102)]


def test_picture_that_ends_before_its_sound_stays_on(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=4, picture_seconds=2)
    result = rendered(source, tmp_path, cuts=[Cut("keep", 120)])
    assert numbers_in(result.path) == [*range(60), *[59] * 60]


def test_the_sound_track_asked_for_is_heard(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3, tracks=3)
    result = rendered(source, tmp_path, track=2, cuts=[Cut("keep", 80)])
    with av.open(str(result.path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(sound[48000:96000]))
    assert int(spectrum.argmax()) == 400


def test_no_sound_gives_a_silent_film(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=3, sound=False)
    result = rendered(source, tmp_path)
    assert numbers_in(result.path) == SHOWN
    with av.open(str(result.path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_sound_alone_gives_sound_alone(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.m4a", seconds=3, picture=False)
    result = rendered(source, tmp_path)
    assert (result.width, result.height) == (0, 0)
    with av.open(str(result.path)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
        assert container.duration / 1e6 == pytest.approx(len(SHOWN) / 30, abs=0.03)


@pytest.mark.parametrize(
    ("language", "told"), [("de", "deu"), ("pt-BR", "por"), ("haw", "haw"), ("und", "und"), ("xx", "und")]
)
def test_a_player_is_told_the_language(tmp_path: Path, language: str, told: str) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=0.2, size=(64, 36))
    target = tmp_path / "out.mp4"
    mux(target, picture=source, sound=source, timescale=15_360, metadata={}, language=language)
    with av.open(str(target)) as container:
        assert [stream.language or "und" for stream in container.streams] == [told, told]


def test_strange_paths_and_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "мои 'видео' \"1\" %d"
    folder.mkdir()
    source = make_recording(folder / "доклад: часть 1.mp4", seconds=3)
    before = source.read_bytes()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    scratch = tmp_path / "врем 'x'"
    scratch.mkdir()
    try:
        assert numbers_in(rendered(source, scratch).path) == SHOWN
    finally:
        folder.chmod(stat.S_IRWXU)
    assert source.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [source.name]


def test_an_encoder_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "in.mp4", seconds=1)
    with pytest.raises(UsageError, match="no encoder named 'libx999'"):
        rendered(source, tmp_path, encoder="libx999")
    with pytest.raises(UsageError, match="preset 'warp'"):
        rendered(source, tmp_path, preset="warp")


def test_a_preset_that_is_not_there_is_told_before_any_work_whatever_the_engine(tmp_path: Path) -> None:
    recording = probe(make_recording(tmp_path / "in.mp4", seconds=1))
    engines: tuple[EngineName, ...] = ("pyav", "ffmpeg")
    for engine in engines:
        with pytest.raises(UsageError, match=r"preset 'warp'.*veryslow"):
            try_options(recording, RenderOptions(engine=engine, preset="warp"), RATE)


def test_a_second_render_draws_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cutdown.assembly import pyav_engine

    opened: list[Path] = []
    real = pyav_engine.open_piece
    monkeypatch.setattr(
        pyav_engine, "open_piece", lambda path, picture: opened.append(path) or real(path, picture)
    )
    source = make_recording(tmp_path / "in.mp4", seconds=3)
    first = rendered(source, tmp_path).path.read_bytes()
    assert len(opened) == 3
    opened.clear()
    assert rendered(source, tmp_path).path.read_bytes() == first
    assert opened == []
    changed = [*CUTS[:2], Cut("speedup", 24, Fraction(3)), CUTS[3]]
    assert numbers_in(rendered(source, tmp_path, cuts=changed).path) == [
        *range(20),
        *range(33, 57, 3),
        *range(57, 67),
    ]
    assert len(opened) == 1
