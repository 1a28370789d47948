"""A good output passes; each fault that is made on purpose fails its own check, and only what follows from it."""

import json
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutdown.assembly.render import render
from cutdown.certificate import Certificate
from cutdown.media import ffmpeg
from cutdown.media.probe import probe
from cutdown.narration import Narration
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE, sample_of_frame
from cutdown.timeline import Segment, Sound, Timeline
from cutdown.transcript import Word
from cutdown.verify import verify
from cutdown.verify.listen import Heard
from cutdown.verify.loudness import check_loudness

RATE = 30
SECONDS = 16
WIDTH, HEIGHT = 320, 180
NOBODY = Narration(provider="none", voice="none", language="en", lines=())


@dataclass
class Made:
    """A source, its output, and what was planned."""

    source: Path
    recording: Recording
    timeline: Timeline
    output: Path
    store: Store

    def certificate(
        self,
        scratch: Path,
        *edits: str,
        expected: Sequence[Word] = (),
        listen: Callable[..., Sequence[Word]] | None = None,
        timeline: Timeline | None = None,
    ) -> Certificate:
        """Verify the output, or the output as a filter changed it."""
        output = self.output
        if edits:
            output = scratch / "edited.mp4"
            ffmpeg.run(["-i", str(self.output), *edits, str(output)])
        return verify(
            output,
            self.source,
            self.recording,
            timeline or self.timeline,
            NOBODY,
            expected,
            RenderOptions(),
            store=self.store,
            language="en",
            scratch=scratch,
            listen=listen,
        )


def failed(certificate: Certificate) -> set[str]:
    return {check.name for check in certificate.checks if not check.passed}


def write_source(path: Path) -> None:
    """A disc that wanders over texture, and bursts of noise: every moment differs from its neighbours."""
    dice = np.random.default_rng(7)
    ground = dice.integers(40, 200, (HEIGHT // 20, WIDTH // 20)).repeat(20, 0).repeat(20, 1)
    down, right = np.mgrid[:HEIGHT, :WIDTH]
    level = np.repeat(dice.uniform(0.02, 1, SECONDS * 8), SAMPLE_RATE // 8)
    sound = path.with_suffix(".wav")
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        noise = np.convolve(dice.normal(0, 1, SECONDS * SAMPLE_RATE), np.ones(12) / 12, "same")
        file.writeframes((np.clip(level * noise * 0.3, -1, 1) * 32767).astype("<i2").tobytes())
    picture = path.with_suffix(".pic.mp4")
    with av.open(str(picture), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * RATE):
            look = ground + 30 * np.sin(number / 90)
            x, y = 160 + 120 * np.sin(number / 25), 90 + 60 * np.sin(number / 17)
            look[(right - x) ** 2 + (down - y) ** 2 < 400] = 240
            grey = np.clip(look, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")))
        container.mux(stream.encode())
    ffmpeg.run(
        ["-i", str(picture), "-i", str(sound), "-c:v", "copy", "-c:a", "aac", "-b:a", "192k", str(path)]
    )


def plan_timeline(recording: Recording) -> Timeline:
    """Keeps 1 to 4 s, 6 to 9 s and 12 to 15 s, and 9 to 12 s at twice the speed."""
    rate = Fraction(RATE)
    parts = [
        ("a", "keep", 1, 4, 1),
        ("c", "keep", 6, 9, 1),
        ("d", "speedup", 9, 12, 2),
        ("e", "keep", 12, 15, 1),
    ]
    segments, sounds, frame = [], [], 0
    for name, kind, start, end, speed in parts:
        frames = (end - start) * RATE // speed
        first, last = (sample_of_frame(at, rate) for at in (frame, frame + frames))
        segments.append(
            Segment(
                action=name,
                type=kind,  # type: ignore[arg-type]
                first_frame=frame,
                frames=frames,
                source_frame=start * RATE,
                speed=Fraction(speed),
            )
        )
        sounds.append(
            Sound(kind="room", first_sample=first, samples=last - first)
            if speed > 1
            else Sound(
                kind="recording", first_sample=first, samples=last - first, source_sample=start * SAMPLE_RATE
            )
        )
        frame += frames
    return Timeline(
        recording_sha256=recording.sha256, rate=rate, segments=tuple(segments), sounds=tuple(sounds)
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("verify")
    source = folder / "a source – 'quoted'.mp4"
    write_source(source)
    recording = probe(source)
    timeline = plan_timeline(recording)
    signals = Signals(
        duration=recording.duration,
        noise_floor_db=-60,
        speech_level_db=-20,
        silences=(),
        speech=(),
        screen=(),
    )
    store = Store(folder / "store")
    rendered = render(
        source, recording, timeline, NOBODY, signals, RenderOptions(), store, track=None, scratch=folder
    )
    return Made(source, recording, timeline, rendered.path, store)


PICTURE_KEPT = ("-c:v", "copy", "-c:a", "aac", "-b:a", "192k")
SOUND_KEPT = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "copy")


def test_good_output_passes_and_every_frame_is_in_place(made: Made, tmp_path: Path) -> None:
    certificate = made.certificate(tmp_path)
    assert certificate.passed, [check.note for check in certificate.checks if not check.passed]
    assert certificate.check("structure").value("frames") == made.timeline.frames
    assert certificate.check("picture").value("largest") == 0
    assert certificate.check("picture").value("measured") == 4
    assert certificate.check("sync").value("largest") < 1.0  # ms
    assert certificate.check("sync").value("measured") == 3
    assert certificate.check("sound").value("dropped") == 0
    assert not certificate.check("words").measured
    text = certificate.model_dump_json(indent=2)
    assert Certificate.model_validate_json(text).model_dump_json(indent=2) == text
    assert set(json.loads(text)) == {"schema_version", "output", "sha256", "passed", "checks"}


def test_picture_two_frames_late_fails(made: Made, tmp_path: Path) -> None:
    frames = made.timeline.frames
    late = f"tpad=start=2:start_mode=clone,trim=end_frame={frames}"
    certificate = made.certificate(tmp_path, "-vf", late, *SOUND_KEPT)
    assert failed(certificate) == {"picture", "sync"}
    assert certificate.check("picture").value("largest") == 2


def test_timeline_two_frames_off_fails(made: Made, tmp_path: Path) -> None:
    segments = tuple(
        segment.model_copy(update={"source_frame": segment.source_frame + 2})
        for segment in made.timeline.segments
    )
    shifted = made.timeline.model_copy(update={"segments": segments})
    assert failed(made.certificate(tmp_path, timeline=shifted)) == {"picture", "sync"}


def test_sound_60_ms_late_fails(made: Made, tmp_path: Path) -> None:
    late = f"adelay=60:all=1,atrim=end_sample={made.timeline.samples}"
    certificate = made.certificate(tmp_path, "-af", late, *PICTURE_KEPT)
    assert failed(certificate) == {"sound", "sync"}
    assert certificate.check("sound").value("largest") == pytest.approx(60, abs=1)


def test_quiet_speech_fails_loudness_alone(made: Made, tmp_path: Path) -> None:
    """Where nobody speaks, quiet is no fault."""
    quiet = ("-af", "volume=-6dB", *PICTURE_KEPT)
    word = Word(start=1, end=2, text="hello")
    spoken = made.certificate(tmp_path, *quiet, expected=[word], listen=lambda _samples: [word])
    assert failed(spoken) == {"loudness"}
    check = check_loudness(
        Heard(np.zeros(1, np.int16), 1, -30.0, -9.0), Fraction(9), RenderOptions(), speech=False
    )
    assert check[0].passed
    assert not check[0].measured


def test_black_insert_fails(made: Made, tmp_path: Path) -> None:
    black = "drawbox=c=black:t=fill:enable='between(t,4.3,5.6)'"
    certificate = made.certificate(tmp_path, "-vf", black, *SOUND_KEPT)
    assert "black" in failed(certificate)
    assert failed(certificate) <= {"black", "picture"}


def test_frozen_stretch_fails(made: Made, tmp_path: Path) -> None:
    frozen = "[0:v]split[a][b];[a][b]freezeframes=first=91:last=165:replace=91[v]"
    certificate = made.certificate(
        tmp_path, "-filter_complex", frozen, "-map", "[v]", "-map", "0:a", *SOUND_KEPT
    )
    assert "frozen" in failed(certificate)
    assert failed(certificate) <= {"frozen", "picture", "sync"}


def test_missing_frames_fail_structure(made: Made, tmp_path: Path) -> None:
    short = f"trim=end_frame={made.timeline.frames - 5}"
    assert "structure" in failed(made.certificate(tmp_path, "-vf", short, *SOUND_KEPT))


def test_dropped_sound_is_not_found(made: Made, tmp_path: Path) -> None:
    gone = "volume=0:enable='between(t,3,6)'"
    certificate = made.certificate(tmp_path, "-af", gone, *PICTURE_KEPT)
    assert "sound" in failed(certificate)
    assert "'c'" in certificate.check("sound").note


def test_swapped_sound_is_not_found(made: Made, tmp_path: Path) -> None:
    swap = (
        "[0:a]asplit=3[a][b][c];[a]atrim=0:3[a1];[b]atrim=3:6,asetpts=PTS-STARTPTS[b1];"
        "[c]atrim=6,asetpts=PTS-STARTPTS[c1];[b1][a1][c1]concat=n=3:v=0:a=1[o]"
    )
    certificate = made.certificate(
        tmp_path, "-filter_complex", swap, "-map", "0:v", "-map", "[o]", *PICTURE_KEPT
    )
    assert "sound" in failed(certificate)


def test_part_of_a_sound_missing_is_seen(made: Made, tmp_path: Path) -> None:
    hole = "volume=0:enable='between(t,4.4,4.9)'"
    certificate = made.certificate(tmp_path, "-af", hole, *PICTURE_KEPT)
    assert failed(certificate) == {"sound"}
    assert 0.2 < certificate.check("sound").value("dropped") <= 0.55


def test_output_without_its_sound_fails(made: Made, tmp_path: Path) -> None:
    certificate = made.certificate(tmp_path, "-an", "-c:v", "copy")
    assert failed(certificate) == {"structure"}
    word = Word(start=1, end=2, text="hello")
    assert failed(made.certificate(tmp_path, "-an", "-c:v", "copy", expected=[word])) == {
        "structure",
        "words",
    }


def test_pictures_alike_on_both_sides_of_a_cut_are_no_early_cut(made: Made, tmp_path: Path) -> None:
    """The plan itself shows the next segment's picture two frames before the cut."""
    first, *_, last = made.timeline.segments
    rate = made.timeline.rate
    middle = first.model_copy(update={"action": "m", "first_frame": 90, "frames": 2, "source_frame": 357})
    end = last.model_copy(update={"first_frame": 92, "source_frame": 360, "frames": 90})
    samples = sample_of_frame(182, rate)
    timeline = made.timeline.model_copy(
        update={
            "segments": (first, middle, end),
            "sounds": (Sound(kind="room", first_sample=0, samples=samples),),
        }
    )
    signals = Signals(
        duration=made.recording.duration, noise_floor_db=-60, speech_level_db=None, silences=(), speech=(), screen=()
    )  # fmt: skip
    rendered = render(
        made.source, made.recording, timeline, NOBODY, signals, RenderOptions(), made.store, track=None,
        scratch=tmp_path,
    )  # fmt: skip
    other = Made(made.source, made.recording, timeline, rendered.path, made.store)
    assert "picture" not in failed(other.certificate(tmp_path))
