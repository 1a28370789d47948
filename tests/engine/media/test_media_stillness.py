from pathlib import Path

import numpy as np
import pytest
from film_kit import RATE, film, letters
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.media.changes import Change
from cutdown.media.measure import measure_signals
from cutdown.media.packets import PIXELS_A_SECOND, Packet, affordable, judge_by_packets
from cutdown.media.probe import probe
from cutdown.media.stillness import spans_of, watch


def still_share(
    path: Path, start: float, end: float, silences: list[tuple[float, float]] | None = None
) -> float:
    recording = probe(path)
    assert recording.picture is not None
    spans = watch(path, recording.picture, float(recording.duration), silences)
    assert spans[0].start == 0
    assert spans[-1].end == recording.duration
    inside = sum(max(0.0, min(float(s.end), end) - max(float(s.start), start)) for s in spans if s.still)
    return inside / (end - start)


def test_typing_is_activity_and_what_follows_is_still(tmp_path: Path) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        letters(picture, round(5 * min(max(at - 3, 0), 4)))

    path = film(tmp_path / "typing.mp4", 12, draw)
    assert still_share(path, 0, 2.8) == 1
    assert still_share(path, 3.3, 6.8) == 0
    assert still_share(path, 7.4, 12) == pytest.approx(1, abs=0.01)


def test_a_blinking_cursor_and_a_clock_are_still(tmp_path: Path) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        letters(picture, 30)
        if at % 1 < 0.5:
            picture[20:34, 400:403] = 220
        picture[340:352, 600:606] = 80 + 40 * (int(at) % 4)

    assert still_share(film(tmp_path / "cursor.mp4", 12, draw), 0, 12) > 0.95


def test_a_growing_bar_is_activity(tmp_path: Path) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        picture[345:355, 10 : 10 + round(50 * at)] = 160

    assert still_share(film(tmp_path / "bar.mp4", 10, draw), 0.5, 9.5) == 0


def test_a_moving_picture_is_not_taken_for_flicker(tmp_path: Path) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        picture[50:300, 50:500] = 60 + 50 * (round(at * RATE) % 3)

    assert still_share(film(tmp_path / "flash.mp4", 8, draw), 0.5, 7.5) == 0


def test_with_a_voice_only_what_can_be_afforded_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        letters(picture, round(5 * min(at, 4)))
        if at > 14:
            letters(picture, 20 + round(5 * (at - 14)))

    path = film(tmp_path / "talk.mp4", 20, draw)
    monkeypatch.setattr("cutdown.media.stillness.PIXELS_A_SECOND", 1_000_000)
    monkeypatch.setattr("cutdown.media.packets.PIXELS_A_SECOND", 1_500_000)
    decoded: list[float] = []
    recording = probe(path)
    assert recording.picture is not None
    silences = [(5.0, 12.0), (15.0, 17.0)]
    spans = watch(path, recording.picture, float(recording.duration), silences, decoded.append)
    assert max(decoded) <= 12.5 / 12.0
    still = [(float(s.start), float(s.end)) for s in spans if s.still]
    assert any(start <= 5.2 and end >= 11.8 for start, end in still)
    assert not any(start < 16.5 and end > 15.5 for start, end in still)


def test_longest_silences_are_decoded_first() -> None:
    packets = [Packet(n / 10, 100, n % 100 == 0, skippable=False) for n in range(600)]
    duration = 20_000_000 / PIXELS_A_SECOND  # enough for the second longest, not for the longest
    chosen = affordable(packets, [(1.0, 2.0), (20.0, 29.0), (41.0, 44.0)], 640 * 360, duration)
    assert chosen in ([(41.0, 44.0)], [(1.0, 2.0), (41.0, 44.0)])
    assert affordable(packets, [(20.0, 29.0), (1.0, 1.3)], 100, 60.0) == [(20.0, 29.0)]


def test_packets_are_believed_only_where_looks_agree() -> None:
    packets = [
        Packet(n / 5 + 0.1, 500 if 20 <= n < 60 else 40, key=False, skippable=False) for n in range(200)
    ]
    seen = [Change(n / 5, (n + 1) / 5, 0.01 if 20 <= n < 60 else 0.0) for n in range(100)]
    assert judge_by_packets(packets, seen, 40.0) == []
    muddled = [Change(c.start, c.end, 0.01 if n % 2 else 0.0) for n, c in enumerate(seen)]
    assert len(judge_by_packets(packets, muddled, 40.0)) == 100


def test_changes_near_each_other_are_one_activity() -> None:
    spans = spans_of([Change(1.0, 1.2, 0.01), Change(1.6, 1.8, 0.3), Change(4.0, 4.2, 0.00001)], 5.0)
    assert [(float(s.start), float(s.end), s.still, s.changed) for s in spans] == [
        (0.0, 1.0, True, 0.0),
        (1.0, 1.8, False, 0.3),
        (1.8, 5.0, True, 0.0),
    ]


def test_no_change_at_all_is_one_still_span() -> None:
    (span,) = spans_of([], 3.5)
    assert span.still
    assert float(span.end) == 3.5


def test_a_file_without_a_readable_picture_is_named(tmp_path: Path) -> None:
    path = film(tmp_path / "good.mp4", 2, lambda _picture, _at: None)
    recording = probe(path)
    path.write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"'good.mp4': the picture cannot be read"):
        measure_signals(path, recording, None)


def test_the_same_file_gives_the_same_signals(tmp_path: Path) -> None:
    def draw(picture: NDArray[np.uint8], at: float) -> None:
        letters(picture, round(7 * at))

    path = film(tmp_path / "same.mp4", 5, draw)
    recording = probe(path)
    first, second = (measure_signals(path, recording, None).model_dump_json() for _ in range(2))
    assert first == second


def test_a_real_screen_is_judged_whole(shared_data: Path) -> None:
    path = shared_data / "video" / "screen_intro.mp4"
    recording = probe(path)
    signals = measure_signals(path, recording, None)
    assert signals.noise_floor_db is None
    assert signals.screen[-1].end == recording.duration
    assert 0 < sum(float(s.duration) for s in signals.screen if s.still) < float(recording.duration)
