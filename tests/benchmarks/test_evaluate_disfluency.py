"""Words to delete: the file's form, what counts, and the baselines."""

import json
from pathlib import Path

import pytest

from benchmarks.disfluency import (
    BOTH,
    FILLERS,
    NOTHING,
    REPEATS,
    baselines,
    by_director,
    by_filler_list,
    by_plans,
    by_repetition,
    deleted_by,
    score,
)
from benchmarks.evaluate import main
from benchmarks.labelled_words import (
    LabelledTalk,
    LabelledWord,
    labelled_hearing,
    labelled_text,
    read_talks,
    write_talks,
)
from benchmarks.screencasts import Label, Labels
from cutdown.errors import UsageError
from cutdown.plan import EditAction, EditPlan
from cutdown.store import Store
from cutdown.transcript import Transcript, TranscriptSegment, Word

SAID = [
    ("You", ""), ("can", ""), (None, ""), ("um,", "filler"), (None, ""), ("change", ""), ("the", "repeat"), ("the", ""),
    ("colour.", ""), (None, ""), (None, ""), ("I", ""), ("like", ""), ("it.", ""),
]  # fmt: skip


def a_talk(name: str = "talk") -> LabelledTalk:
    """Words of 0.3 s, with silences of 0.2 s where there is None."""
    at, words = 0.5, []
    for text, label in SAID:
        if text is None:
            at += 0.2
        else:
            words.append(LabelledWord(text, round(at, 3), round(at + 0.3, 3), label))
            at += 0.3
    return LabelledTalk(name, tuple(words))


def action(talk: LabelledTalk, kind: str, first: int, last: int, narration: str | None = None) -> EditAction:
    """An action from the start of one word to the start of another."""
    words = talk.words
    end = words[last].start if last < len(words) else words[-1].end + 0.5
    return EditAction.model_validate(
        {
            "id": f"a{first}",
            "type": kind,
            "start": words[first].start if first else 0,
            "end": end,
            "narration": narration,
            "reason": "-",
        }
    )


def a_plan(talk: LabelledTalk, *actions: EditAction) -> EditPlan:
    duration = talk.words[-1].end + 0.5
    return EditPlan(recording_sha256="0" * 64, duration=duration, director="person", actions=actions)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    talks = [a_talk("one"), a_talk("two")]
    write_talks(talks, path)
    assert list(read_talks(path)) == talks
    assert path.read_text().splitlines()[:2] == ["# one", "You\t0.500\t0.800\t"]


def test_a_label_may_be_left_out_and_so_may_a_name(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("so\t0\t0.2\tfiller\n\nwe\t0.2\t0.4\n")
    (talk,) = read_talks(path)
    assert [word.goes for word in talk.words] == [True, False]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no word"),
        ("# talk\n", "holds no word"),
        ("um 0.1 0.2 filler\n", r"line 1 of 'words.tsv' is no word; it needs a word, start, end and label"),
        ("# t\nso\t0\t1\t\num\tone\ttwo\tfiller\n", "line 3 of 'words.tsv' is no word"),
        ("so\t1\t1\t\n", "does not end after its start"),
        ("so\t1\t2\t\nwe\t0.5\t0.7\t\n", "line 2 of 'words.tsv' begins before the word above it"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "words.tsv"
    path.write_text(text)
    with pytest.raises(UsageError, match=fault):
        read_talks(path)


def test_a_word_of_a_cut_is_deleted_and_so_is_one_that_is_not_said_anew() -> None:
    talk = a_talk()
    plan = a_plan(
        talk,
        action(talk, "keep", 0, 2),
        action(talk, "cut", 2, 3),
        action(talk, "rewrite", 3, 7, "Change the colour."),
        action(talk, "keep", 7, 10),
    )
    assert deleted_by(plan, talk.words) == {2, 4}


def test_precision_and_recall_count_words_over_all_recordings() -> None:
    talks = [a_talk("one"), a_talk("two")]
    result = score("way", talks, [frozenset({2, 4}), frozenset({2, 8})])
    assert (result.to_delete, result.deleted, result.right) == (4, 4, 3)
    assert (result.precision, result.recall, result.f1) == (0.75, 0.75, 0.75)
    assert result.recall_by_label == {"filler": 1.0, "repeat": 0.5}
    assert result.wrongly == {"like": 1}


def test_deleting_nothing_is_precise_and_finds_nothing() -> None:
    result = score(NOTHING, [a_talk()], [frozenset()])
    assert (result.precision, result.recall, result.f1) == (1, 0, 0)


def test_the_baselines_do_what_their_names_say() -> None:
    talk = a_talk()
    like = next(index for index, word in enumerate(talk.words) if word.text == "like")
    assert by_filler_list(talk) == {2, like}
    assert by_repetition(talk) == {4}
    assert baselines()[BOTH](talk) == {2, 4, like}
    known = LabelledTalk(
        "t", tuple(LabelledWord(w, i, i + 0.5, "") for i, w in enumerate(["you", "know,", "it"]))
    )
    assert by_filler_list(known) == {0, 1}


def test_a_director_is_given_words_and_silences(tmp_path: Path) -> None:
    talk = a_talk()
    assert by_director("offline", Store(tmp_path))(talk) == {2, 4}


def test_plans_from_files_are_scored(tmp_path: Path) -> None:
    talk = a_talk()
    (tmp_path / "talk.json").write_text(
        a_plan(talk, action(talk, "cut", 0, 2), action(talk, "keep", 2, len(talk.words))).to_json()
    )
    assert by_plans(tmp_path)(talk) == {0, 1}


LABELS = Labels(
    segments=(
        Label(start=0, end=1, kind="content", keep=True, text="We open it ."),
        Label(start=1, end=2, kind="pause", keep=False),
        Label(start=2, end=2.4, kind="filler", keep=False, text="um"),
        Label(start=2.4, end=4, kind="content", keep=True, text="here."),
    )
)


def test_the_text_of_labels_is_spread_over_its_time() -> None:
    talk = labelled_text("t", LABELS)
    assert [word.text for word in talk.words] == ["We", "open", "it", "um", "here."]
    assert [round(word.start, 3) for word in talk.words] == [0, 0.25, 0.75, 2, 2.4]
    assert [word.label for word in talk.words] == ["", "", "", "filler", ""]


def test_what_was_heard_gets_the_label_of_the_speech_it_is_nearest_to() -> None:
    words = (
        Word.model_validate({"start": 0.8, "end": 1.5, "text": " it"}),
        Word.model_validate({"start": 1.7, "end": 1.95, "text": "and"}),
    )
    transcript = Transcript(
        language="en", model="base", duration=4, words=words, segments=(TranscriptSegment(first=0, end=2),)
    )
    talk = labelled_hearing("t", LABELS, transcript)
    assert [(word.text, word.label) for word in talk.words] == [("it", ""), ("and", "filler")]


def test_the_table_and_the_figures_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "home"))
    write_talks([a_talk("one"), a_talk("two")], tmp_path / "words.tsv")
    out = tmp_path / "figures.json"
    with pytest.raises(SystemExit) as stopped:
        main(["disfluency", str(tmp_path / "words.tsv"), "--json", str(out)])
    assert not stopped.value.code
    report = json.loads(out.read_text())
    assert [one["way"] for one in report["scores"]] == ["offline", FILLERS, REPEATS, BOTH, NOTHING]
    assert report["scores"][0]["recall"] == 1
    table = capsys.readouterr().out
    assert "4 of 20 words to delete, 2 recordings" in table
    assert all(way in table for way in (FILLERS, REPEATS, BOTH))


@pytest.mark.parametrize("arguments", [["none.tsv"], ["none.tsv", "--director", "hal"]])
def test_a_missing_file_ends_with_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["disfluency", *arguments])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
