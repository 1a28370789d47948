import hashlib
import json
from pathlib import Path

import av
import numpy as np
import pytest

from cutdown import demo
from cutdown.demo.film import FRAMES_A_SECOND, encode
from cutdown.demo.recorder import Take, TruthSegment, perform
from cutdown.demo.screen import Screen, _font, draw
from cutdown.demo.script import CODE, KEEP, SCRIPT, Command, Edit, Rest, Run, Say
from cutdown.errors import UsageError
from cutdown.progress import unheard
from cutdown.timebase import SAMPLE_RATE

SHORT = (
    Rest(0.4, "pause"),
    Say("Um,", "filler", take=1),
    Say("We type.", take=1, typing="ls"),
    Command(" -a"),
    Run(0.6, "listing", ("✓ done",)),
    Edit(5, 28, " * 2"),
    Rest(0.5, "pause"),
)


@pytest.fixture(scope="module")
def take() -> Take:
    return perform(SCRIPT)


@pytest.fixture(scope="module")
def short() -> Take:
    return perform(SHORT)


def level(sound: np.ndarray, part: TruthSegment) -> float:
    """RMS in dBFS."""
    samples = sound[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)]
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_the_demo_is_about_a_minute_and_its_truth_has_no_gap(take: Take) -> None:
    assert 60 <= take.now / SAMPLE_RATE <= 75
    assert take.truth[0].start == 0
    assert take.truth[-1].end == pytest.approx(take.now / SAMPLE_RATE, abs=1e-6)
    for before, after in zip(take.truth, take.truth[1:], strict=False):
        assert before.start < before.end == after.start


def test_it_has_everything_that_a_first_take_has(take: Take) -> None:
    assert {part.kind for part in take.truth} == set(KEEP)
    assert all(part.keep == KEEP[part.kind] for part in take.truth)
    assert max(part.end - part.start for part in take.truth if part.kind == "pause") >= 5
    assert max(part.end - part.start for part in take.truth if part.kind == "wait") >= 5


def test_a_botched_sentence_is_said_again_after_it(take: Take) -> None:
    bad = next(part for part in take.truth if part.kind == "bad_take")
    good = next(part for part in take.truth if part.kind == "content" and part.take == bad.take)
    assert good.start > bad.end
    assert good.text.split()[:4] == bad.text.split()[:4]


def test_speech_is_heard_where_the_truth_says_so_and_hiss_elsewhere(take: Take) -> None:
    sound = take.mix()
    for part in take.truth:
        if part.text:
            assert level(sound, part) > -32, part
        elif part.kind in ("pause", "wait", "retake_gap", "gap") and part.end - part.start > 0.4:
            assert -70 < level(sound, part) < -50, part
    assert np.abs(sound).max() < 1


def test_keys_are_heard_while_someone_types(take: Take) -> None:
    sound = take.mix()
    for part in take.truth:
        if part.kind in ("typing", "demonstration"):
            typed = sound[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)]
            assert 0.005 < np.abs(typed).max() < 0.05


def test_nothing_moves_in_a_pause_and_something_does_in_a_wait(take: Take) -> None:
    changes = [moment / SAMPLE_RATE for moment, _ in take.screens]
    for part in take.truth:
        inside = [moment for moment in changes if part.start < moment < part.end]
        if part.kind == "pause":
            assert inside == []
        elif part.kind == "wait":
            assert len(inside) >= 9 * (part.end - part.start)


def test_the_fix_stands_in_the_editor_at_the_end(take: Take) -> None:
    assert take.screen.code[5].strip() == "amount += item.price * item.quantity"
    assert take.screen.saved
    assert take.screen.lines[0] == "❯ pytest -q"


def test_the_font_has_every_character_that_is_drawn(take: Take) -> None:
    font = _font(20)
    missing = bytes(font.getmask("\ufffe"))
    for _, screen in take.screens:
        for letter in set("".join((*screen.code, *screen.lines, screen.typed or ""))) - {" "}:
            assert bytes(font.getmask(letter)) != missing, letter


def test_what_is_typed_is_seen() -> None:
    empty = Screen(code=CODE, in_shell=True)
    typed = Screen(code=CODE, in_shell=True, typed="p")
    assert draw(empty).size == (1280, 720)
    assert draw(empty).tobytes() == draw(empty).tobytes()
    assert draw(empty).tobytes() != draw(typed).tobytes()


def test_the_film_shows_and_sounds_what_was_played(short: Take, tmp_path: Path) -> None:
    shares: list[float] = []
    encode(short, tmp_path / "film.mp4", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    with av.open(str(tmp_path / "film.mp4")) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.codec_context.width, video.codec_context.height) == (1280, 720)
        assert video.average_rate == FRAMES_A_SECOND
        assert video.frames == short.now * FRAMES_A_SECOND // SAMPLE_RATE
        assert audio.codec_context.sample_rate == SAMPLE_RATE
        first = next(film.decode(video)).to_ndarray(format="rgb24").astype(int)
        film.seek(int(0.9 * short.now / SAMPLE_RATE * av.time_base))
        *_, frame = film.decode(video)
        last = frame.to_ndarray(format="rgb24").astype(int)
        heard = np.concatenate([block.to_ndarray()[0] for block in _sound(tmp_path / "film.mp4")])
    assert np.abs(first - np.asarray(draw(short.screens[0][1]), dtype=int)).mean() < 3
    assert np.abs(last - np.asarray(draw(short.screen), dtype=int)).mean() < 3
    played = short.mix()
    speech = slice(round(short.truth[2].start * SAMPLE_RATE), round(short.truth[2].end * SAMPLE_RATE))
    assert np.corrcoef(heard[speech], played[speech])[0, 1] > 0.95


def _sound(path: Path) -> list[av.AudioFrame]:
    with av.open(str(path)) as film:
        return list(film.decode(audio=0))


@pytest.mark.slow
def test_the_same_demo_has_the_same_bytes(
    short: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "SCRIPT", SHORT)
    hashes = []
    for name in ("one.mp4", "two's ü.mp4"):
        target = tmp_path / "new folder" / name
        truth = demo.make_demo(target, progress=unheard)
        written = json.loads(demo.truth_path(target).read_text(encoding="utf-8"))
        assert written["segments"] == [part.model_dump() for part in truth.segments]
        hashes.append(hashlib.sha256(target.read_bytes()).hexdigest())
    assert hashes[0] == hashes[1]
    assert sorted(path.name for path in (tmp_path / "new folder").iterdir()) == [
        "one.mp4",
        "one.truth.json",
        "two's ü.mp4",
        "two's ü.truth.json",
    ]
    assert truth.segments == tuple(short.truth)


def test_a_place_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "SCRIPT", SHORT[:1])
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write the demo '.*file/demo.mp4'.*--out"):
        demo.make_demo(tmp_path / "file" / "demo.mp4")
