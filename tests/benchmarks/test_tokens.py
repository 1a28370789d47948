"""What a language model reads is at most half of what JSON would need."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.tokens import as_json, read_acts
from cutdown.director.llm.manuscript import manuscript
from cutdown.director.screen import Screen
from cutdown.director.talk import lay_out


def test_the_compact_transcript_is_at_most_half_of_its_json(tmp_path: Path) -> None:
    acts = tmp_path / "meeting.da"
    text = "so we open the settings page and look at every option of it"
    rows = [
        f"{number}\t{6 * number}\t{6 * number + 5}\tA\tPM\tinf\t+1\t0\t{text} number {number}"
        for number in range(100)
    ]
    acts.write_text("\n".join(rows))
    transcript, signals = read_acts(acts, 600)
    compact = manuscript(lay_out(transcript, signals), Screen(signals))
    assert len(compact.lines) == 100
    read = compact.text(0, 100)
    assert all(word.text in read for word in transcript.words)
    # Digits and signs cost a token each where words cost one: what is not a word is counted by its letters.
    words = len(transcript.text())
    assert len(read) - words <= (len(json.dumps(as_json(transcript))) - words) / 5
