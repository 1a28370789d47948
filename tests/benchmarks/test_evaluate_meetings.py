"""The protocol of the meetings: what counts, what is averaged, what is told about bad input."""

import json
import tarfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.acts import Meeting, as_heard, parse_acts, read_meetings
from benchmarks.evaluate import main
from benchmarks.extracts import BASELINES, Units, best_first
from benchmarks.meetings import OURS, chosen_by_plan, interval, measure, oracle, report_of, score, ways
from cutdown.errors import UsageError
from cutdown.plan import EditAction, EditPlan

WORDS = ["remote", "control", "button", "colour", "speech", "battery", "market", "price", "screen", "design"]


def row(
    number: int, *, start: float, end: float, label: str = "-1", links: int = 0, text: str = "well"
) -> str:
    return f"m.{number}\t{start}\t{end}\tA\tPM\tinf\t{label}\t{links}\t{text}"


def a_meeting(acts: int = 40, seed: int = 0) -> str:
    chance = np.random.default_rng(seed)
    rows, at = [], 0.0
    for number in range(acts):
        length = round(float(chance.uniform(0.4, 6)), 2)
        text = " ".join(chance.choice(WORDS, max(1, round(length * 2))))
        chosen = number % 3 == 0
        rows.append(
            row(
                number,
                start=round(at, 2),
                end=round(at + length, 2),
                label="+1" if chosen else "-1",
                links=2 * chosen,
                text=text,
            )
        )
        at += length + 0.5
    return "\n".join(rows)


FOUR = Meeting(
    "m",
    parse_acts(
        "\n".join(
            [
                row(1, start=0, end=4, label="+1", links=1),
                row(2, start=4, end=10),
                row(3, start=10, end=12, label="+1", links=3),
                row(4, start=13, end=12),
            ]
        ),
        "m.da",
    ),
)


def test_f1_counts_seconds_and_recall_counts_links() -> None:
    f1, recall = score(FOUR, [np.array([True, True, False, False])])
    assert f1 == pytest.approx(2 * 4 / (10 + 6))
    assert recall == 1 / 4
    assert score(FOUR, [np.array([True, False, True, False])]) == (1, 1)
    assert score(FOUR, [FOUR.chosen, ~FOUR.chosen])[0] == 0.5


def test_an_act_that_ends_before_it_starts_counts_as_nothing() -> None:
    assert FOUR.seconds.tolist() == [4, 6, 2, 0]
    assert not best_first(np.array([0.0, 0, 0, 9]), FOUR.seconds, 100)[3]


def test_the_best_go_first_and_what_no_longer_fits_is_passed_over() -> None:
    assert best_first(np.array([1.0, 3, 2, 0]), np.array([1.0, 4, 3, 2]), 6).tolist() == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("budget", [0.1, 0.3])
def test_no_way_spends_more_than_the_budget_and_none_beats_the_oracle(budget: float) -> None:
    meeting = Meeting("m", parse_acts(a_meeting(), "m.da"))
    room = budget * float(meeting.seconds.sum())
    best = score(meeting, oracle(meeting, room))
    for name, way in ways().items():
        choices = way(meeting, room)
        assert all(0 < meeting.seconds[one].sum() <= room + 1e-9 for one in choices), name
        assert score(meeting, choices)[1] <= best[1] + 1e-9, name


def test_each_baseline_ranks_by_what_it_is_named_for() -> None:
    filler = "yeah okay so and then we go on to the next one"
    texts = ["red green blue cyan lime pink teal navy gold", filler, filler, filler]
    units = Units(texts, np.array([0.0, 9, 18, 27]), np.array([2.0, 8, 5, 5]))
    ranked = {name: int(np.argmax(way(units))) for name, way in BASELINES.items()}
    assert ranked["lead"] == 0
    assert ranked["longest"] == 1
    assert ranked["tf-idf sum"] == 0  # nobody else says its words
    assert ranked["TextRank"] != 0  # nobody vouches for it
    assert ranked["LexRank"] != 0


def test_what_a_plan_keeps_more_than_half_of_is_chosen() -> None:
    def action(number: int, kind: str, start: int, end: int) -> EditAction:
        return EditAction.model_validate(
            {"id": f"a{number}", "type": kind, "start": start, "end": end, "reason": "r"}
        )

    plan = EditPlan(
        recording_sha256="0" * 64,
        duration=Fraction(14),
        director="person",
        actions=(action(1, "cut", 0, 1), action(2, "keep", 1, 6), action(3, "cut", 6, 14)),
    )
    assert chosen_by_plan(plan, FOUR, 100).tolist() == [True, False, False, False]
    assert not chosen_by_plan(plan, FOUR, 3).any()


def test_one_listener_hears_one_voice_at_a_time() -> None:
    rows = [
        row(1, start=0, end=4, text="one {vocalsound} two"),
        row(2, start=1, end=2, text="hidden"),
        row(3, start=5, end=6, text="three"),
    ]
    transcript, signals = as_heard(parse_acts("\n".join(rows), "m.da"))
    assert [word.text for word in transcript.words] == ["one", "two", "three"]
    breath = Fraction(15, 100)
    assert [(s.start, s.end) for s in signals.silences] == [(4 - breath, 5)]
    _, unbreathed = as_heard(parse_acts("\n".join(rows), "m.da"), breath=0)
    assert [(s.start, s.end) for s in unbreathed.silences] == [(4, 5)]


def test_intervals_hold_the_mean_and_differences_go_by_pairs() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.4])
    found = interval(values)
    assert found.low < found.mean == 25.0 < found.high
    assert interval(values) == found
    spread = np.stack([values, values], axis=1)
    report = report_of({("human", OURS, 0.2): spread + 0.05, ("human", "lead", 0.2): spread}, "dev")
    better = report.figures[1].ours_f1
    assert better is not None
    assert (better.low, better.high) == (5, 5)


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_or_its_archive_is_read(tmp_path: Path, packed: bool) -> None:
    inside = tmp_path / "ami"
    inside.mkdir()
    for name, text in {
        "a.da": a_meeting(),
        "a.da-asr": a_meeting(),
        "b.da": a_meeting(8),
        "dev.list": "a\nb\n",
    }.items():
        (inside / name).write_text(text)
    folder = inside
    if packed:
        folder = tmp_path / "packed"
        folder.mkdir()
        with tarfile.open(folder / "ami.tar.xz", "w:xz") as archive:
            archive.add(inside, "ami")
    texts = read_meetings(folder, "dev")
    assert {text: [one.name for one in found] for text, found in texts.items()} == {
        "human": ["a", "b"],
        "ASR": ["a"],
    }
    scored = measure(texts, {"lead": ways()["lead"]}, [0.2], lambda _: None)
    assert scored["human", "lead", 0.2].shape == (2, 2)


def test_meetings_that_no_recogniser_heard_are_scored_in_their_human_text_alone(tmp_path: Path) -> None:
    (tmp_path / "a.da").write_text(a_meeting())
    (tmp_path / "dev.list").write_text("a")
    texts = read_meetings(tmp_path, "dev")
    assert list(texts) == ["human"]
    report = report_of(measure(texts, {"lead": ways()["lead"]}, [0.2], lambda _: None), "dev")
    assert [(one.text, one.meetings) for one in report.figures] == [("human", 1)]


def test_the_command_prints_a_table_and_writes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))
    (tmp_path / "a.da").write_text(a_meeting())
    (tmp_path / "a.da-asr").write_text(a_meeting())
    (tmp_path / "dev.list").write_text("a")
    with pytest.raises(SystemExit) as ended:
        main(["meetings", str(tmp_path), "--budget", "0.3", "--json", str(tmp_path / "out.json")])
    assert ended.value.code == 0
    written = json.loads((tmp_path / "out.json").read_text())
    ways_told = {one["way"] for one in written["figures"]}
    assert {OURS, "plans: offline", "oracle", *BASELINES} <= ways_told
    printed = capsys.readouterr().out
    assert "ASR text, 30% of the speech time" in printed
    assert all(way in printed for way in ways_told)


@pytest.mark.parametrize(
    ("files", "split", "fault"),
    [
        ({}, "dev", "there is no 'dev.list'"),
        ({"dev.list": "a", "a.da": ""}, "test", "choose from dev"),
        ({"dev.list": "a"}, "dev", "holds no 'a.da'"),
        ({"dev.list": "a", "a.da": "some text"}, "dev", "line 1 of 'a.da' is no dialogue act"),
        ({"dev.list": "a", "a.da": row(1, start=0, end=4)}, "dev", "no meeting of 'dev.list' in"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path, files: dict[str, str], split: str, fault: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=fault):
        read_meetings(tmp_path, split)


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "dev.list").write_text("a")
    (tmp_path / "a.da").write_bytes("Größe".encode("latin-1"))
    with pytest.raises(UsageError, match=r"cannot read '.*a\.da'.*UTF-8"):
        read_meetings(tmp_path, "dev")
