"""Train what a sentence is worth: ``uv run --group train python -m benchmarks.train_worth DIR``.

DIR holds meetings in the form of the AMI corpus; only its ``train`` list is read. Two boosted models learn from the
traits of an act whether a human chose it, and how many sentences of the human abstract point at it. Human and
recognised text are both learnt from, as acts and as the sentences that the product finds in them. The exchange rate between the two comes from cross-validation over
`train`, five parts, meetings of one series in one part. The result is written to ``src/cutdown/director/worth.json``;
the same data give the same file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.acts import Meeting, as_heard, read_meetings
from benchmarks.meetings import chosen_by_worth, score, spoken_of
from cutdown.director.dependencies import clause_openers
from cutdown.director.sentences import find_sentences, in_breaths
from cutdown.director.talk import lay_out
from cutdown.director.traits import Spoken, Values, traits
from cutdown.director.trees import Tree, Trees
from cutdown.director.worth import LINKS_A_MEETING, Judge

_OUT: Final = Path(__file__).parents[1] / "src/cutdown/director/worth.json"
_PARTS: Final = 5
_RATES: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)  # seconds of the extract for a link
_BUDGET: Final = 0.2
_WANTED: Final = (0.47, 0.26)  # F1 by seconds, link recall: both should be passed by as much
_ROUNDS: Final = 120
_HOW: Final = {
    "num_leaves": 8,
    "learning_rate": 0.08,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbose": -1,
}


class Examples:
    """The units of one meeting in one text, and what people made of them.

    Args:
        meeting: acts with the human choices.
        heard: the units are sentences as the product finds them in what one listener hears; else the acts.
    """

    def __init__(self, meeting: Meeting, *, heard: bool = False) -> None:
        self.meeting = meeting
        spoken = sentences_heard(meeting) if heard else spoken_of(meeting)
        self.known = traits(spoken)
        self.table = np.stack(list(self.known.values()), axis=1)
        share, links = (
            _by_overlap(spoken, meeting) if heard else (meeting.chosen.astype(float), meeting.links)
        )
        self.chosen = share
        self.links = links / meeting.links.sum() * LINKS_A_MEETING
        lengths = np.array([max((one.end - one.start) / 1000, 0.05) for one in spoken])
        self.weights = lengths / lengths.sum()


def sentences_heard(meeting: Meeting) -> list[Spoken]:
    """Sentences as the product finds them in what one listener hears of a meeting."""
    talk = lay_out(*as_heard(meeting.acts))
    sentences = in_breaths(talk, find_sentences(talk, ()), clause_openers("en"))
    return [sentence.spoken(talk) for sentence in sentences]


def _by_overlap(spoken: Sequence[Spoken], meeting: Meeting) -> tuple[Values, Values]:
    """For units that are not the acts: the share of each that was chosen, and the links that fall into it."""
    starts = np.array([act.start for act in meeting.acts])
    seconds = meeting.seconds
    share, links = np.zeros(len(spoken)), np.zeros(len(spoken))
    for index, one in enumerate(spoken):
        first, last = one.start / 1000, one.end / 1000
        within = np.clip(np.minimum(last, starts + seconds) - np.maximum(first, starts), 0.0, None)
        share[index] = (within * meeting.chosen).sum() / max(within.sum(), 1e-9)
        links[index] = (within / np.maximum(seconds, 1e-9) * meeting.links).sum()
    return np.clip(share, 0.0, 1.0), links


def trained(examples: Sequence[Examples], rate: float) -> Judge:
    """Both models, learnt from all examples."""
    names = tuple(examples[0].known)
    table = np.concatenate([one.table for one in examples])
    weights = np.concatenate([one.weights for one in examples])
    chosen = lightgbm.train(
        {**_HOW, "objective": "cross_entropy"},
        lightgbm.Dataset(
            table,
            np.concatenate([one.chosen for one in examples]),
            weight=weights / weights.mean(),
        ),
        _ROUNDS,
    )
    links = lightgbm.train(
        {**_HOW, "objective": "tweedie", "tweedie_variance_power": 1.2},
        lightgbm.Dataset(table, np.concatenate([one.links for one in examples])),
        _ROUNDS,
    )
    return Judge(chosen=_read(chosen, names), links=_read(links, names), seconds_a_link=rate)


def _read(model: Any, names: tuple[str, ...]) -> Trees:
    """A model as the product evaluates it; numbers are rounded first, so that the file is what was measured."""
    trees = []
    for told in model.dump_model()["tree_info"]:
        found: dict[str, list[Any]] = {"trait": [], "most": [], "left": [], "right": [], "leaf": []}
        _walk(told["tree_structure"], found)
        trees.append(Tree.model_validate(found))
    return Trees(traits=names, trees=tuple(trees))


def _walk(node: Mapping[str, Any], found: dict[str, list[Any]]) -> int:
    if "leaf_value" in node:
        found["leaf"].append(round(node["leaf_value"], 5))
        return -len(found["leaf"])
    at = len(found["trait"])
    found["trait"].append(node["split_feature"])
    found["most"].append(float(f"{node['threshold']:.6g}"))
    for side in ("left", "right"):
        found[side].append(0)
    for side in ("left", "right"):
        found[side][at] = _walk(node[f"{side}_child"], found)
    return at


def cross_validated(
    examples: Mapping[str, Sequence[Examples]], heard: Sequence[Examples], console: Console
) -> float:
    """Print how each exchange rate does on meetings not learnt from; the rate that passes both figures by most."""
    series = sorted({one.meeting.name[:-1] for one in examples["human"]})
    part_of = {
        name: index % _PARTS for index, name in enumerate(np.random.default_rng(0).permutation(series))
    }
    everything = (*examples.values(), heard)
    scores: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for part in range(_PARTS):
        known = [one for found in everything for one in found if part_of[one.meeting.name[:-1]] != part]
        judge = trained(known, 0.0)
        for text, found in examples.items():
            for one in found:
                if part_of[one.meeting.name[:-1]] == part:
                    for rate in _RATES:
                        values = judge.model_copy(update={"seconds_a_link": rate}).values(one.known)
                        room = _BUDGET * float(one.meeting.seconds.sum())
                        kept = chosen_by_worth(list(values), one.meeting, room)
                        scores.setdefault((text, rate), []).append(score(one.meeting, [kept]))
    table = Table(title=f"{_PARTS} parts of train, {_BUDGET:.0%} of the speech time")
    for column in ("text", "seconds a link", "F1", "links"):
        table.add_column(column, justify="right")
    means = {key: np.mean(rows, axis=0) for key, rows in scores.items()}
    for (text, rate), (f1, recall) in means.items():
        table.add_row(text, f"{rate:g}", f"{f1:.1%}", f"{recall:.1%}")
    console.print(table)
    return max(_RATES, key=lambda rate: min(np.min(means[text, rate] / _WANTED) for text in examples))


def main() -> None:
    """Cross-validate, train on all of ``train``, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--rate", type=float, help="seconds a link, known from an earlier cross-validation")
    arguments = parser.parse_args()
    texts = read_meetings(arguments.folder, "train")
    examples = {text: [Examples(meeting) for meeting in meetings] for text, meetings in texts.items()}
    heard = [Examples(meeting, heard=True) for meetings in texts.values() for meeting in meetings]
    rate = arguments.rate
    if rate is None:
        rate = cross_validated(examples, heard, Console(width=110))
    judge = trained([*(one for found in examples.values() for one in found), *heard], rate)
    arguments.out.write_text(
        json.dumps(judge.model_dump(mode="json"), separators=(",", ":")) + "\n", encoding="utf-8"
    )
    print(f"{rate:g} seconds a link; wrote {arguments.out} ({arguments.out.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
