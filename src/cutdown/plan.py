"""The edit plan: what the director decides, what a person may read and change.

A plan is an ordered, gapless list of actions over the whole source. It is a JSON file; reading
one and writing it again gives the same bytes. Its JSON Schema is published in
``docs/schemas/edit-plan.schema.json``.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from cutdown.errors import PlanError
from cutdown.timebase import Frozen, Ratio, Seconds, Span

ActionType = Literal["keep", "cut", "speedup", "rewrite"]
Activity = Literal["speech", "thinking", "typing", "waiting", "demonstration", "dead"]
"""What mostly goes on: somebody speaks, pauses to think, types, waits for a machine, shows something without
words, or nothing does."""
EvidenceKind = Literal[
    "words",
    "silence",
    "clicks",
    "still",
    "activity",
    "filler",
    "repeat",
    "retake",
    "mark",
    "aside",
    "selection",
    "ungrounded",
    "disagreement",
]

_BYTE_ORDER_MARK: Final = "\ufeff"  # some editors put it before everything they write
FASTEST: Final = 64  # beyond that a picture is a flicker; cut it instead
DOUBTFUL: Final = (
    0.4  # confidence below which a decision is put before a person: it is rather wrong than right
)


class Evidence(Frozen):
    """One observation a decision rests on, in words a person understands."""

    kind: EvidenceKind
    note: str


class EditAction(Frozen):
    """One decision over ``[start, end)`` seconds of the source.

    ``factor`` belongs to ``speedup`` (above 1, at most 64). ``narration`` is required by
    ``rewrite`` (it replaces the speech under the same picture) and allowed on ``speedup`` (a
    spoken bridge over a wait). ``quote`` is what is said in the span, ``""`` where nothing is.
    ``activity`` is what mostly goes on in it, as far as the director told.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    type: ActionType
    start: Seconds
    end: Seconds
    factor: Annotated[Ratio | None, Field(description="speedup only: above 1, at most 64")] = None
    narration: str | None = None
    activity: Activity | None = None
    quote: str = ""
    reason: str
    confidence: float = Field(default=1.0, ge=0, le=1)
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> EditAction:
        if self.end <= self.start:
            raise ValueError(
                f"ends at {float(self.end):.3f} s, not after its start at {float(self.start):.3f} s"
            )
        if self.type == "speedup":
            if self.factor is None:
                raise ValueError("a speedup needs a 'factor' above 1")
            if not 1 < self.factor <= FASTEST:
                raise ValueError(f"factor {float(self.factor):g} is not above 1 and at most {FASTEST}")
        elif self.factor is not None:
            raise ValueError(f"'factor' belongs to speedup, not to {self.type}; remove it")
        if self.type == "rewrite" and not (self.narration or "").strip():
            raise ValueError("a rewrite needs 'narration': the text to speak")
        if self.type in ("keep", "cut") and self.narration is not None:
            raise ValueError(f"'narration' belongs to rewrite and speedup, not to {self.type}; remove it")
        return self

    @property
    def span(self) -> Span:
        """The stretch of the source it decides on."""
        return Span(start=self.start, end=self.end)

    @property
    def duration(self) -> Fraction:
        """Length in the source, in seconds."""
        return self.end - self.start

    @property
    def planned_duration(self) -> Fraction:
        """Length in the output before narration is fitted, in seconds."""
        if self.type == "cut":
            return Fraction(0)
        return self.duration / (self.factor or 1)


class Passage(Frozen):
    """Sentences that were left out to meet a length, one after the other."""

    start: Seconds
    end: Seconds
    worth: float = Field(ge=0, le=1)
    """Their share of what all sentences are worth."""
    quote: str
    """What is said, shortened."""


class Selection(Frozen):
    """How sentences were chosen to meet a length, and what that cost."""

    coverage: float = Field(ge=0, le=1)
    """Share of the recording's terms that are still heard, each counted as often as it is said."""
    gap: float = Field(ge=0)
    """By what share another choice of the same length could at most be worth more."""
    left_out: tuple[Passage, ...] = ()


class Candidate(Frozen):
    """One of several plans that a language model made, and how it did; every figure from 0 to 1, more is better.

    The figures are missing where the model's answers could not be used.
    """

    number: int = Field(ge=1)
    coverage: float | None = None
    """Share of the recording's terms that are still heard."""
    compression: float | None = None
    """Nearness to the length asked for; where none was, the share that is left out."""
    calm: float | None = None
    """1 without a cut in what is said, 0 with twelve a minute."""
    grounded: float | None = None
    """Share of new narration that names only what was said."""
    score: float | None = None
    chosen: bool = False


class EditPlan(Frozen):
    """What happens to every second of one recording."""

    schema_version: Literal[1] = 1
    recording_sha256: str
    """Content of the recording that it was made for."""
    duration: Seconds
    """Length of the recording; the last action ends here."""
    language: str = "und"
    director: str
    """Who decided: ``offline/2``, a model's name, ``person``."""
    target_seconds: Seconds | None = None
    selection: Annotated[Selection | None, Field(exclude_if=lambda told: told is None)] = None
    """What meeting the length left out; absent where none was asked for, or a person decided."""
    candidates: Annotated[tuple[Candidate, ...], Field(exclude_if=lambda told: not told)] = ()
    """What this plan was chosen from; absent where only one was made."""
    actions: tuple[EditAction, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _covers_the_source(self) -> EditPlan:
        twice = [name for name, count in Counter(a.id for a in self.actions).items() if count > 1]
        if twice:
            raise ValueError(f"action '{twice[0]}': the id is used twice; give each action its own")
        at = Fraction(0)
        for action in self.actions:
            if action.start != at:
                kind = "a gap" if action.start > at else "an overlap"
                raise ValueError(
                    f"action '{action.id}': starts at {float(action.start):.3f} s but the one before ends at "
                    f"{float(at):.3f} s ({kind}); make them meet"
                )
            at = action.end
        if at != self.duration:
            raise ValueError(
                f"action '{self.actions[-1].id}': ends at {float(at):.3f} s but the recording at "
                f"{float(self.duration):.3f} s; the last action must end there"
            )
        return self

    @property
    def planned_duration(self) -> Fraction:
        """Length of the output before narration is fitted, in seconds."""
        return sum((action.planned_duration for action in self.actions), Fraction(0))

    @property
    def doubtful(self) -> tuple[EditAction, ...]:
        """The decisions that a person should look at, least sure first."""
        unsure = [action for action in self.actions if action.confidence < DOUBTFUL]
        return tuple(sorted(unsure, key=lambda action: action.confidence))

    @property
    def left_out(self) -> tuple[Passage, ...]:
        """The passages that were left out to meet the length, and still are."""
        passages = self.selection.left_out if self.selection else ()
        return tuple(
            passage for passage in passages if 2 * self._cut_of(passage) > passage.end - passage.start
        )

    def _cut_of(self, passage: Passage) -> Fraction:
        cuts = (action for action in self.actions if action.type == "cut")
        shared = (min(cut.end, passage.end) - max(cut.start, passage.start) for cut in cuts)
        return sum((seconds for seconds in shared if seconds > 0), Fraction(0))

    def to_json(self) -> str:
        """The one written form: indented, keys in order, ending in a newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str, source: str = "the plan") -> EditPlan:
        """Read a plan.

        Args:
            text: the JSON text.
            source: what to call it in an error, such as its file name.

        Raises:
            PlanError: names the action and the fault.
        """
        try:
            raw = json.loads(text.removeprefix(_BYTE_ORDER_MARK), object_pairs_hook=_each_once)
            json.dumps(raw, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            raise PlanError(
                f"{source} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
            ) from error
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start]).strip("'")
            raise PlanError(
                f"{source}: {half} is half of a sign; write the whole sign there, or none"
            ) from error
        except (ValueError, RecursionError) as error:
            raise PlanError(f"{source}: {error}") from error
        try:
            return EditPlan.model_validate(raw)
        except ValidationError as error:
            raise PlanError(f"{source}: {_first_fault(error, raw)}") from error
        except OverflowError as error:
            raise PlanError(f"{source}: a number in it is larger than any time or speed") from error

    @staticmethod
    def read(path: Path) -> EditPlan:
        """Read a plan file; see `from_json`."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise PlanError(f"cannot read the plan '{path}': {error.strerror}; check the path") from error
        except UnicodeDecodeError as error:
            raise PlanError(
                f"cannot read the plan '{path}': it is not UTF-8 text; save it as UTF-8"
            ) from error
        return EditPlan.from_json(text, source=f"'{path.name}'")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a line that was copied and not taken out would win over the one that was changed."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        where = f"action '{found['id']}': " if isinstance(found.get("id"), str) else ""
        raise ValueError(f"{where}'{twice}' stands there twice; keep one of them")
    return found


def edit_plan_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file."""
    schema = EditPlan.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _first_fault(error: ValidationError, raw: Any) -> str:
    """The first fault as a sentence that names its action by id, not by position alone."""
    fault = error.errors(include_url=False)[0]
    message = str(fault["msg"]).removeprefix("Value error, ")
    location = list(fault["loc"])
    if len(location) >= 2 and location[0] == "actions" and isinstance(location[1], int):
        try:
            name = f"action '{raw['actions'][location[1]]['id']}'"
        except (KeyError, TypeError, IndexError):
            name = f"action number {location[1] + 1}"
        field = ".".join(str(part) for part in location[2:])
        return f"{name}: {field + ': ' if field else ''}{message}"
    field = ".".join(str(part) for part in location)
    return f"{field + ': ' if field else ''}{message}"
