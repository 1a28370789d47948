"""What is asked for, and what came of it."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field

from cutdown.errors import CheckError, UsageError
from cutdown.files import require_text
from cutdown.metrics import Forecast
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions
from cutdown.timebase import Frozen, Seconds

PREVIEW: Literal["480p"] = "480p"


class Job(Frozen):
    """One recording to be made short."""

    source: Path = Field(description="The recording: a video, or sound alone")
    out: Path | None = Field(
        default=None, description="Folder for the results; NAME.cutdown beside you where not given"
    )
    plan: Path | None = Field(default=None, description="Render this edit plan instead of making one")
    dry_run: bool = Field(
        default=False, description="Stop after the plan: print it with a forecast, render nothing"
    )
    preview: bool = Field(default=False, description="A quick look: 480 lines, fast preset, NAME.preview.mp4")
    metrics_output: Path | None = Field(
        default=None, description="Also write the run's times and costs to this JSON file, as a baseline"
    )
    like: Path | None = Field(
        default=None, description="An edit plan of the same series for a language model to follow"
    )
    seen_from_report: str | None = Field(
        default=None,
        description="How the report will reach the recording, where the results move on from here",
    )
    options: OptimizeOptions = OptimizeOptions()
    terms: Terms = Terms()

    @property
    def name(self) -> str:
        """What the results are called: the recording's name without its ending."""
        return self.source.stem

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return (self.out or Path(f"{self.name}.cutdown")).absolute()

    @property
    def effective_options(self) -> OptimizeOptions:
        """The options, with those that a preview replaces."""
        if not self.preview:
            return self.options
        quick = self.options.render.model_copy(
            update={"resolution": PREVIEW, "preset": "ultrafast", "crf": 30, "bitrate": None}
        )
        return self.options.model_copy(update={"render": quick})

    def with_target(self, seconds: Fraction) -> Job:
        """The same job for another length; a plan that was brought is left aside.

        Args:
            seconds: how long the result should last.
        """
        director = self.options.director.model_copy(
            update={"target_seconds": float(seconds), "target_ratio": None}
        )
        options = self.options.model_copy(update={"director": director})
        return self.model_copy(update={"options": options, "plan": None})

    def check(self, *, log: Path | None = None) -> None:
        """See that the paths can be used, before any work.

        Args:
            log: where else something will be written.

        Raises:
            UsageError: when a file is missing, or something would be written over the recording.
        """
        for what, path in (
            ("recording", self.source),
            ("plan", self.plan),
            ("example plan", self.like),
            ("price list", self.terms.prices),
            ("pronunciation dictionary", self.options.voice.pronunciation),
        ):
            if path is None:
                continue
            if path.is_dir():
                raise UsageError(f"the {what} '{path}' is a folder; give a file in it")
            if not path.is_file():
                raise UsageError(f"there is no {what} '{path}'; check the path")
        self._check_apart(log)

    def _check_apart(self, log: Path | None) -> None:
        """See that nothing would be written over the recording, and that the names can be written down."""
        for place in (self.source.absolute(), self.folder):
            require_text(place)
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"'{self.folder}' is a file; --out needs a folder")
        if self._is_recording(self.folder / f"{self.name}.mp4"):
            raise UsageError(
                f"the result would overwrite the recording '{self.source.name}'; give another folder with --out"
            )
        for option, path in (("--metrics-output", self.metrics_output), ("--log-json", log)):
            if path is None:
                continue
            if path.is_dir():
                raise UsageError(f"'{path}' is a folder; {option} needs a file")
            if self._is_recording(path):
                raise UsageError(
                    f"{option} would be written into the recording '{self.source.name}'; give another file"
                )

    def _is_recording(self, path: Path) -> bool:
        """Whether it leads to the recording, by whatever way: links, '..', another spelling."""
        return path.exists() and path.samefile(self.source)

    def check_folder(self) -> None:
        """See that the results can be written, before any work.

        Raises:
            UsageError: when they cannot.
        """
        there = next(place for place in (self.folder, *self.folder.parents) if place.exists())
        if not there.is_dir():
            raise UsageError(f"'{there}' is a file; --out needs a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise UsageError(
                f"cannot write the results to '{self.folder}': you may not write to '{there}'; choose another --out"
            )


class PhaseAccount(Frozen):
    """One phase in the summary."""

    phase: str
    seconds: float
    cached: bool
    cost: float | None
    """US dollars; None where the price is unknown."""
    at_risk: float = 0.0
    """US dollars that may have been charged for answers that were lost."""


class Outcome(Frozen):
    """What a run left behind."""

    video_id: str
    run_id: str
    folder: Path
    video: str | None = None
    """File name of the short video; None after a dry run."""
    files: tuple[str, ...] = ()
    source_seconds: Seconds
    output_seconds: Seconds = Fraction(0)
    """Length of the result, or of the plan after a dry run."""
    actions: dict[str, int] = Field(default_factory=dict)
    coverage: float | None = None
    """Share of the recording's terms that are still heard; None where no length was asked for."""
    left_out: int = 0
    """Passages that were left out to meet the length."""
    left_out_worth: float = 0.0
    """Their share of what everything said is worth."""
    phases: tuple[PhaseAccount, ...] = ()
    forecast: Forecast | None = None
    """After a dry run: what the whole run would take."""
    passed: bool = True
    failed_checks: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    """Providers that did not deliver, and who went on instead, a line each."""
    spent_before: float = 0.0
    """US dollars of earlier runs on this recording that did not come to their end."""
    advice: tuple[str, ...] = ()
    """Settings that would have helped, most urgent first, a line each."""
    flags: tuple[str, ...] = ()
    """What a person should look at, such as a line that did not fit."""

    def cost(self) -> float | None:
        """US dollars in all; None where a part is unpriced."""
        costs = [phase.cost for phase in self.phases]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def require_passed(self) -> None:
        """See that the result passed its checks.

        Raises:
            FailedOutputError: it did not; the file is kept under a name that says so.
        """
        if not self.passed:
            raise FailedOutputError(self)

    def everything_cached(self) -> bool:
        """Whether nothing had to be done again."""
        return bool(self.phases) and all(phase.cached for phase in self.phases)


class FailedOutputError(CheckError):
    """The result failed a check; ``outcome`` is what the run left behind all the same."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(
            f"the result failed a check ({'; '.join(outcome.failed_checks)}); it is kept as '{outcome.video}' in "
            f"'{outcome.folder}', certificate.json has the measurements"
        )
        self.outcome = outcome
