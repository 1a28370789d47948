"""Made rewrites over real recordings: lines of half to twice the length of their slot, really spoken.

For each recording the director makes its plan; every second stretch that it shows becomes the slot of a new line.
The line takes up the words that were said there, so that some of them name what is shown, and goes on with
sentences of a stock until it is as long as wanted. Which slots, and how long, is drawn by a seed. The local voice speaks
English: over a recording in another language the whole line is of the stock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Final

from benchmarks.screencasts import cast_director
from cutdown.director import FirstDirector
from cutdown.errors import UsageError
from cutdown.narration import Narration
from cutdown.phases import examine, ingest
from cutdown.plan import EditAction, EditPlan
from cutdown.recording import Recording
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions, SpeechOptions, VoiceOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.transcript import Transcript
from cutdown.voice import open_voice
from cutdown.voice.forecast import spoken_seconds
from cutdown.voice.speak import speak

VIDEOS: Final = frozenset({".mp4", ".mkv", ".mov", ".webm", ".m4v"})
SHORTEST_RATIO: Final = 0.5
LONGEST_RATIO: Final = 2.0
_SHORTEST_SLOT: Final = Fraction(3, 2)  # s; a shorter one holds two words
_LONGEST_SLOT: Final = Fraction(9)  # s; a sentence or two
_VOICE: Final = Choice(provider="hibari")
_LANGUAGE: Final = "en"  # that it speaks

# Plain sentences of the kind that is spoken over a screen; none is taken from a recording.
_STOCK: Final = (
    "The window on the left shows every file of the project.",
    "A click on the name opens it.",
    "The change is saved at once, and the page loads again.",
    "Three of the five tests pass, two still fail.",
    "The reason is in the second line of the message.",
    "We add the missing value and run it again.",
    "Now the table is complete.",
    "Each row stands for one request, with its time on the right.",
    "The slowest one took four seconds.",
    "With the filter set, only errors remain.",
    "The menu has the same commands under another name.",
    "What you type appears in the preview below.",
    "The server starts, prints its address, and waits.",
    "From here on, everything happens in the browser.",
    "The chart follows as soon as the numbers change.",
    "That is all there is to it.",
)


@dataclass(frozen=True)
class Case:
    """One recording with a plan and its lines."""

    name: str
    recording: Recording
    signals: Signals
    transcript: Transcript
    plan: EditPlan
    narration: Narration


def find_videos(folder: Path) -> list[Path]:
    """The recordings of a folder, by name.

    Raises:
        UsageError: there is no such folder, or no recording in it.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder '{folder}'; give one with recordings in it")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS)
    if not found:
        raise UsageError(f"no recording in '{folder}'; put {', '.join(sorted(VIDEOS))} files there")
    return found


def make_cases(
    videos: Sequence[Path],
    store: Store,
    *,
    rewrites: int,
    seed: int,
    model: str,
    told: Callable[[str], object],
) -> Iterator[Case]:
    """Cases with ``rewrites`` lines in all, shared out evenly among the recordings.

    Args:
        videos: the recordings.
        store: remembers transcripts and spoken lines.
        rewrites: lines wanted.
        seed: of the draws.
        model: Whisper model that transcribes.
        told: what is being done.

    Raises:
        UsageError: the recordings show too little for a single line.
    """
    dice = random.Random(seed)  # noqa: S311  # draws of a benchmark
    ratios = _ratios(rewrites, dice)
    sources = [_Source(video, store, model, told) for video in videos]
    sources = [source for source in sources if source.slots]
    if not sources:
        raise UsageError(f"no recording shows a stretch of {float(_SHORTEST_SLOT):g} s or more")
    for source in cycle(sources):
        if not ratios:
            return
        told(f"{source.name}: {len(ratios)} lines to speak")
        yield source.case(ratios, max(1, rewrites // len(sources)), dice)


def _ratios(count: int, dice: random.Random) -> list[float]:
    """Wanted lengths over the whole range, as evenly as their number allows, in a drawn order."""
    width = LONGEST_RATIO - SHORTEST_RATIO
    ratios = [SHORTEST_RATIO + width * (place + 0.5) / count for place in range(count)]
    dice.shuffle(ratios)
    return ratios


class _Source:
    """One recording, and the slots that its plan has."""

    def __init__(self, video: Path, store: Store, model: str, told: Callable[[str], object]) -> None:
        told(f"{video.name}: listening and watching")
        self.name = video.name
        self._store = store
        self._recording = examine(store, video)
        heard = ingest(
            store,
            source=video,
            recording=self._recording,
            options=SpeechOptions(whisper_model=model),
            choices=(Choice(provider="local"),),
            terms=Terms(),
        )
        self._transcript = Transcript.model_validate_json(store.read_text(heard.transcript))
        self._signals = Signals.model_validate_json(store.read_text(heard.signals))
        with Account(Terms(), video_id=self._recording.sha256, phase="evaluate", store=store) as account:
            self._plan = FirstDirector(cast_director("offline"), account).plan(
                self._recording, self._transcript, self._signals, DirectorOptions(narration="none")
            )
        self.slots = _slots(self._plan, self._signals)

    def case(self, ratios: list[float], most: int, dice: random.Random) -> Case:
        """One plan of this recording; what it uses of ``ratios`` is taken from them."""
        every_second = self.slots[dice.randrange(min(2, len(self.slots))) :: 2]  # lines need neighbours
        chosen = dice.sample(every_second, min(most, len(ratios), len(every_second)))
        texts = {slot: self._text(slot, ratios.pop(), dice) for slot in sorted(chosen)}
        plan = _with_rewrites(self._plan, texts)
        with Account(
            Terms(), video_id=self._recording.sha256, phase="evaluate", store=self._store
        ) as account:
            narration = speak(plan, VoiceOptions(), self._store, choices=(_VOICE,), account=account)
        return Case(self.name, self._recording, self._signals, self._transcript, plan, narration)

    def _text(self, slot: tuple[Fraction, Fraction], ratio: float, dice: random.Random) -> str:
        """Words for ``ratio`` times a slot's length, by the voice's own pace."""
        with Account(
            Terms(), video_id=self._recording.sha256, phase="evaluate", store=self._store
        ) as account:
            pace = open_voice(_VOICE, account).pace
        start, end = slot
        said = self._transcript.words if self._transcript.language == _LANGUAGE else ()
        words = [word.text.strip() for word in said if start <= word.start < end]
        for sentence in dice.sample(_STOCK, len(_STOCK)) * 4:
            words += sentence.split()
        wanted = ratio * float(end - start)
        count = 1
        while count < len(words) and spoken_seconds(" ".join(words[: count + 1]), pace) <= wanted:
            count += 1
        text = " ".join(words[:count]).rstrip(",;:")
        return text if text.endswith((".", "!", "?")) else f"{text}."


def _slots(plan: EditPlan, signals: Signals) -> list[tuple[Fraction, Fraction]]:
    """Stretches that the plan keeps; long ones are parted in their silences, else anywhere."""
    found: list[tuple[Fraction, Fraction]] = []
    for action in plan.actions:
        if action.type == "keep":
            found += _parted(action.start, action.end, signals)
    return [slot for slot in found if slot[1] - slot[0] >= _SHORTEST_SLOT]


def _parted(start: Fraction, end: Fraction, signals: Signals) -> list[tuple[Fraction, Fraction]]:
    if end - start <= _LONGEST_SLOT:
        return [(start, end)]
    middle = (start + end) / 2
    inner = [s for s in signals.silences if start + _SHORTEST_SLOT < s.start and s.end < end - _SHORTEST_SLOT]
    near = min(inner, key=lambda silence: abs(silence.start + silence.end - 2 * middle), default=None)
    border = middle if near is None else (near.start + near.end) / 2
    border = Fraction(round(border * 1000), 1000)
    return [*_parted(start, border, signals), *_parted(border, end, signals)]


def _with_rewrites(plan: EditPlan, texts: dict[tuple[Fraction, Fraction], str]) -> EditPlan:
    """The plan with new lines over some stretches of what it keeps."""
    actions: list[EditAction] = []
    for action in plan.actions:
        own = sorted((slot, text) for slot, text in texts.items() if action.start <= slot[0] < action.end)
        at = action.start
        for (start, end), text in own:
            if start > at:
                actions.append(action.model_copy(update={"start": at, "end": start}))
            made = {"type": "rewrite", "narration": text, "start": start, "end": end}
            actions.append(action.model_copy(update=made))
            at = end
        if at < action.end:
            actions.append(action.model_copy(update={"start": at}))
    named = [action.model_dump() | {"id": f"a{number:03d}"} for number, action in enumerate(actions, 1)]
    made = {"actions": named, "language": _LANGUAGE, "director": "made rewrites"}
    return EditPlan.model_validate(plan.model_dump() | made)
