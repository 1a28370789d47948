"""The offline judgement against labelled screencasts, second by second.

A label says of every moment what it is (``content``, ``gap``, ``pause``, ``wait``, ``bad_take``,
``retake_gap``, ``filler``, ``aside``) and whether it should stay. Time is looked at on a grid of
10 ms.

- *Removed* is what the plan cuts or speeds up. A rewrite keeps its picture, so its time counts as
  kept; only a ``filler`` inside it counts as removed, because it is not spoken any more.
- *Waste* is what the labels say should not stay. Precision is the share of what is removed that
  is waste, recall the share of the waste that is removed, F1 their harmonic mean.
- *Content lost* is the share of the ``content`` that the plan cuts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.director import FirstDirector, director_names
from cutdown.errors import UsageError
from cutdown.phases import examine, ingest, read_plan
from cutdown.plan import EditPlan
from cutdown.products import Ingested
from cutdown.recording import Recording
from cutdown.services.account import Account
from cutdown.services.choices import Choice, completed, parse_choices
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions, SpeechOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import Frozen
from cutdown.transcript import Transcript

GRID: Final = 100  # looks a second

BASELINE: Final = "silence only"
PLANS: Final = "plans: files"
_BASELINE_DB: Final = -35.0  # the usual defaults of silence cutters
_BASELINE_SHORTEST: Final = 0.5  # seconds
_BASELINE_MARGIN: Final = 0.2  # seconds left on both sides

Moments = NDArray[np.bool_]


class Label(Frozen):
    """One labelled interval, in seconds."""

    start: float
    end: float
    kind: str
    keep: bool
    text: str = ""
    take: int | None = None


class Labels(Frozen):
    """The truth about one recording."""

    source: str = ""
    rate: int = 0
    segments: tuple[Label, ...]


class Score(Frozen):
    """How one decision compares with the labels; all are shares, 0 to 1."""

    file: str
    director: str
    precision: float
    recall: float
    f1: float
    content_lost: float
    recall_by_kind: dict[str, float]


class Report(Frozen):
    """Everything that was measured over a folder."""

    model: str
    scores: tuple[Score, ...]
    means: dict[str, dict[str, float]]
    """For ``DIRECTOR, GROUP``: the means over the group's files."""


@dataclass(frozen=True)
class Marked:
    """What a decision does to each moment."""

    removed: Moments
    cut: Moments
    respoken: Moments


def find_screencasts(folder: Path) -> list[tuple[Path, Labels]]:
    """All videos with labels beside them, by name.

    Raises:
        UsageError: there is no such folder, no labelled video in it, or labels that cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder '{folder}'; give one with X.mp4 and X.json beside each other")
    found = []
    for video in sorted(folder.glob("*.mp4")):
        truth = video.with_suffix(".json")
        if truth.is_file():
            found.append((video, _read_labels(truth)))
    if not found:
        raise UsageError(f"no labelled video in '{folder}'; each X.mp4 needs its labels in X.json beside it")
    return found


def _read_labels(path: Path) -> Labels:
    try:
        labels = Labels.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise UsageError(
            f"'{path.name}' does not hold labels ('segments' with start, end, kind, keep): {first}"
        ) from error
    if not labels.segments:
        raise UsageError(f"'{path.name}' holds no segment; label at least one")
    return labels


def cast_director(name: str) -> tuple[Choice, ...]:
    """The director of a name as it is given to ``--llm``.

    Raises:
        UsageError: there is none, or no key for it.
    """
    return completed(parse_choices(name, "llm", director_names()), "llm")


def evaluate_one(
    video: Path,
    labels: Labels,
    store: Store,
    *,
    directors: Sequence[str],
    options: SpeechOptions,
    plans: Path | None = None,
) -> list[Score]:
    """Score each director, the plan from a folder of plans, and the baseline on one recording.

    Raises:
        UsageError: the plan is missing, cannot be read, or was made for another recording.
    """
    recording = examine(store, video)
    heard = ingested(store, video, recording, options)
    transcript = Transcript.model_validate_json(store.read_text(heard.transcript))
    signals = Signals.model_validate_json(store.read_text(heard.signals))
    count = round(labels.segments[-1].end * GRID)
    scores = []
    for name in directors:
        with Account(Terms(), video_id=recording.sha256, phase="evaluate", store=store) as account:
            director = FirstDirector(cast_director(name), account)
            plan = director.plan(recording, transcript, signals, DirectorOptions())
        scores.append(score(_marked_by_plan(plan, count), labels, file=video.stem, director=name))
    if plans is not None:
        plan = read_plan(plans / f"{video.stem}.json", recording)
        scores.append(score(_marked_by_plan(plan, count), labels, file=video.stem, director=PLANS))
    silence = _marked_by_silence(video, recording, count)
    return [*scores, score(silence, labels, file=video.stem, director=BASELINE)]


def ingested(store: Store, video: Path, recording: Recording, options: SpeechOptions) -> Ingested:
    """What was heard and seen, from the store where the same was asked before."""
    local = (Choice(provider="local"),)
    return ingest(store, source=video, recording=recording, options=options, choices=local, terms=Terms())


def _marked_by_plan(plan: EditPlan, count: int) -> Marked:
    def moments(*types: str) -> Moments:
        return _within([(float(a.start), float(a.end)) for a in plan.actions if a.type in types], count)

    return Marked(moments("cut", "speedup"), moments("cut"), moments("rewrite"))


def _marked_by_silence(video: Path, recording: Recording, count: int) -> Marked:
    """What a silence cutter with the usual defaults would cut."""
    from cutdown.media.sound import choose_track, extract_sound, open_wav

    if not recording.audio:
        nothing = np.zeros(count, dtype=bool)
        return Marked(nothing, nothing, nothing)
    with TemporaryDirectory() as scratch:
        wav = Path(scratch, "sound.wav")
        track = choose_track(recording, None).order
        extract_sound(video, recording, wav, track=track, sample_rate=16_000, channels=1)
        samples = np.array(open_wav(wav)[:, 0], dtype=np.float64) / 32768
    cuts = silence_cuts(samples, 16_000)
    removed = _within(cuts, count)
    return Marked(removed, removed, np.zeros(count, dtype=bool))


def silence_cuts(samples: NDArray[np.float64], rate: int) -> list[tuple[float, float]]:
    """Stretches (seconds) under -35 dBFS for at least 0.5 s, less 0.2 s on both sides."""
    block = rate // 50
    usable = samples[: len(samples) // block * block].reshape(-1, block)
    quiet = np.sqrt((usable**2).mean(axis=1)) < 10 ** (_BASELINE_DB / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    spans = [
        (first * block / rate, last * block / rate)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    return [
        (start + _BASELINE_MARGIN, end - _BASELINE_MARGIN)
        for start, end in spans
        if end - start >= _BASELINE_SHORTEST
    ]


def _within(spans: Iterable[tuple[float, float]], count: int) -> Moments:
    moments = np.zeros(count, dtype=bool)
    for start, end in spans:
        moments[round(start * GRID) : round(end * GRID)] = True
    return moments


def score(marked: Marked, labels: Labels, *, file: str, director: str) -> Score:
    """Compare what a decision does with the labels; see the module."""
    count = len(marked.removed)
    waste = _within([(s.start, s.end) for s in labels.segments if not s.keep], count)
    kinds = {
        kind: _within([(s.start, s.end) for s in labels.segments if s.kind == kind], count)
        for kind in sorted({s.kind for s in labels.segments})
    }
    nothing = np.zeros(count, dtype=bool)
    removed = marked.removed | (marked.respoken & kinds.get("filler", nothing))
    right = float((removed & waste).sum())
    precision = right / removed.sum() if removed.any() else 1.0
    recall = right / waste.sum() if waste.any() else 1.0
    return Score(
        file=file,
        director=director,
        precision=_rounded(precision),
        recall=_rounded(recall),
        f1=_rounded(2 * precision * recall / (precision + recall) if precision + recall else 0.0),
        content_lost=_rounded(_share(marked.cut, kinds.get("content", nothing))),
        recall_by_kind={
            kind: _rounded(_share(removed, moments))
            for kind, moments in kinds.items()
            if (moments & waste).any()
        },
    )


def _share(chosen: Moments, of: Moments) -> float:
    return float((chosen & of).sum() / of.sum()) if of.any() else 0.0


def _rounded(value: float) -> float:
    return round(float(value), 4)


def group_of(file: str) -> str:
    """Files are grouped by their name without the number: ``synth03`` belongs to ``synth``."""
    return file.rstrip("0123456789-_") or file


def means(scores: Sequence[Score]) -> Mapping[tuple[str, str], dict[str, float]]:
    """Mean of each figure over a director and a group of files."""
    keys = dict.fromkeys((one.director, group_of(one.file)) for one in scores)
    result = {}
    for director, group in keys:
        members = [s for s in scores if s.director == director and group_of(s.file) == group]
        kinds = sorted({kind for s in members for kind in s.recall_by_kind})
        result[director, group] = {
            **{
                name: _mean(getattr(s, name) for s in members)
                for name in ("precision", "recall", "f1", "content_lost")
            },
            **{
                kind: _mean(s.recall_by_kind[kind] for s in members if kind in s.recall_by_kind)
                for kind in kinds
            },
        }
    return result


def _mean(values: Iterable[float]) -> float:
    return _rounded(float(np.mean(list(values))))


def report_of(scores: Sequence[Score], model: str) -> Report:
    """The report with its means, keyed for JSON."""
    keyed = {f"{director}, {group}": figures for (director, group), figures in means(scores).items()}
    return Report(model=model, scores=tuple(scores), means=keyed)


def write_report(report: Frozen, path: Path) -> None:
    """Write the report as JSON.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(report.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write '{path}': {error.strerror}; choose another place") from error
