"""The pronunciation dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutdown.errors import UsageError
from cutdown.voice.pronunciation import load_dictionary


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Run kubectl, then Kubectl.", "Run cube control, then cube control."),
        ("PostgreSQL behind nginx.", "postgres Q L behind engine X."),
        ("Open nginx.conf and main.py.", "Open engine X dot conf and main dot pie."),
        ("The npm's lock file", "The N P M's lock file"),
        ("numpyro is not numpy", "numpyro is not num pie"),
        ("latex gloves, LaTeX files", "latex gloves, lay teck files"),
        ("It costs $5.99, 4K and 1200x630.", "It costs 5 dollars 99, 4 K and 1200 by 630."),
        ("See https://www.example.com/docs/intro.", "See w w w dot example dot com slash docs slash intro."),
        ("Ping 127.0.0.1 in v2.0.", "Ping 127 dot 0 dot 0 dot 1 in version 2 point 0."),
        ("Version 3.11 is here.", "Version 3.11 is here."),
        ("C++, C# and .NET.", "C plus plus, C sharp and dot net."),
        ("Press Ctrl+C.", "Press control C."),
        ("Edit /etc/hosts, etc.", "Edit slash et see slash hosts, etc."),
        ("if a == b and c != d", "if a equals equals b and c is not d"),
        ("A plain sentence, with nothing in it.", "A plain sentence, with nothing in it."),
    ],
)
def test_shipped_readings(text: str, spoken: str) -> None:
    reading = load_dictionary().read(text)
    assert reading.text == spoken
    assert (reading.fixes > 0) == (text != spoken)


def test_fixes_are_counted_by_place() -> None:
    assert load_dictionary().read("kubectl and kubectl and nginx").fixes == 3


def test_the_shipped_list_is_large_enough_to_be_of_use() -> None:
    words = [entry for entry in load_dictionary().entries if not entry.is_pattern]
    assert len(words) >= 60


def test_the_users_file_comes_first_and_overrides(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "- {word: kubectl, spoken: cube cuddle, note: as we say it}\n"
        "- {word: GUI, spoken: graphical interface}\n"
        "- {pattern: '\\bRFC (\\d)(\\d+)\\b', spoken: 'R F C \\1 \\2'}\n",
        encoding="utf-8",
    )
    reading = load_dictionary(own).read("kubectl has no GUI, see RFC 793; a gui")
    assert reading.text == "cube cuddle has no graphical interface, see R F C 7 93; a gooey"


def test_a_plain_table_of_words_will_do(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('{"Cutdown": "cut down"}', encoding="utf-8")
    assert load_dictionary(own).read("Cutdown, not cutdown").text == "cut down, not cutdown"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "'a.json' is not JSON: .* at line 1"),
        ("a.yaml", "- {word: [", "'a.yaml' is not YAML"),
        ("a.yaml", "just text", "'a.yaml' holds neither"),
        ("a.yaml", "- {spoken: x}", "'a.yaml', entry 1: an entry has 'word' or 'pattern'"),
        (
            "a.yaml",
            "- {word: a, spoken: b}\n- {word: no, spoken: yes}",
            r"'a.yaml', entry 2 \(False\): .*quotes",
        ),
        ("a.yaml", "- {word: a, spoken: b, speak: c}", r"entry 1 \('a'\): unknown field 'speak'"),
        ("a.yaml", "- {pattern: '(', spoken: b}", r"entry 1 \('\('\): not a regular expression"),
        ("a.yaml", "- {pattern: 'a', spoken: '\\1'}", "entry 1 .*not a regular expression that can be used"),
        ("a.yaml", "- {word: a, spoken: b}\n- {word: a, spoken: c}", "entry 2: 'a' is there twice"),
    ],
)
def test_a_faulty_file_is_named_with_its_entry(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_dictionary(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the pronunciation dictionary 'none\.yaml'"):
        load_dictionary(tmp_path / "none.yaml")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert load_dictionary(tmp_path / "own.yaml").entries == load_dictionary().entries
