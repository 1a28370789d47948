"""The command line. Options come from the models in `cutdown.settings` and `cutdown.job`.

``cutdown optimize talk.mp4`` runs the phases in this process. Whoever runs them in another way
(as a Prefect flow, say) builds the same command line with `build_app` and a runner of its own.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import App, Group, Parameter
from rich.console import Console
from rich.markup import escape

from cutdown import __version__
from cutdown.batch.wishes import BatchWishes, Limits, Selection
from cutdown.current_run import running
from cutdown.job import FailedOutputError, Job, Outcome
from cutdown.looking_back import add_looking_back
from cutdown.observing import observed
from cutdown.profiles import profile_named, told_apart, with_profile
from cutdown.profiling import profiled
from cutdown.progress import heard_by, phase
from cutdown.services.terms import Terms
from cutdown.settings import (
    DirectorOptions,
    OptimizeOptions,
    RenderOptions,
    SpeechOptions,
    VoiceOptions,
)
from cutdown.shared_store import local_store, open_store
from cutdown.terminal.faults import in_one_line
from cutdown.terminal.janitor import add_janitor
from cutdown.terminal.live import LiveLines

if TYPE_CHECKING:
    from cutdown.batch.account import BatchAccount
    from cutdown.terminal.batch import BatchLines

Runner = Callable[[Job], Outcome]
"""Runs a job; progress goes to whoever listens through `cutdown.progress`."""
BatchRunner = Callable[[BatchWishes, "BatchLines"], "BatchAccount"]
"""Runs a batch, and tells how it goes on."""

SchemaName = Literal["edit-plan", "metrics", "baseline"]
WIDTH_OF_A_FILE: Final = 140  # columns of a table that goes to a pipe or a file
INTERRUPTED: Final = 130  # as shells say of a program that Ctrl-C ended

_INGEST = Group("Ingest: listening and watching", sort_key=1)
_DIRECTOR = Group("Director: what to leave out", sort_key=2)
_VOICE = Group("Voice: new narration", sort_key=3)
_MONEY = Group("Money", sort_key=5)
_WATCH = Group("Watching the run", sort_key=8)
_RENDER = Group("Assembly: the video file", sort_key=4)
_WHICH = Group("Which recordings", sort_key=6)
_LIMITS = Group("The batch", sort_key=7)

Speech = Annotated[SpeechOptions, Parameter(name="*", group=_INGEST)]
Director = Annotated[DirectorOptions, Parameter(name="*", group=_DIRECTOR)]
Voice = Annotated[VoiceOptions, Parameter(name="*", group=_VOICE)]
Render = Annotated[RenderOptions, Parameter(name="*", group=_RENDER)]
Money = Annotated[Terms, Parameter(name="*", group=_MONEY)]
Which = Annotated[Selection, Parameter(name="*", group=_WHICH)]
Bounds = Annotated[Limits, Parameter(name="*", group=_LIMITS)]
Flag = Parameter(negative="")


def build_app(run: Runner, run_batch: BatchRunner | None = None, *, name: str = "cutdown") -> App:
    """The command line over runners.

    Args:
        run: what a job is given to.
        run_batch: what a batch is given to; processes of this machine where not given.
        name: how the program is called in its help.
    """
    app = App(
        name=name,
        version=__version__,
        help="A long recording in; a short, polished, narrated video out.",
        help_format="plaintext",
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )

    @app.command
    def optimize(
        video: Path,
        /,
        *,
        out: Path | None = None,
        plan: Path | None = None,
        dry_run: Annotated[bool, Flag] = False,
        review: Annotated[bool, Flag] = False,
        preview: Annotated[bool, Flag] = False,
        metrics_output: Path | None = None,
        like: Path | None = None,
        profile: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
        log_json: Annotated[Path | None, Parameter(group=_WATCH)] = None,
        trace: Annotated[bool, Parameter(negative="", group=_WATCH)] = False,
        speech: Speech = SpeechOptions(),
        director: Director = DirectorOptions(),
        voice: Voice = VoiceOptions(),
        render: Render = RenderOptions(),
        terms: Money = Terms(),
    ) -> int:
        """Make a short, polished, narrated video of a recording.

        Args:
            video: the recording: a video, or sound alone
            out: folder for the results; NAME.cutdown in the current folder where not given
            plan: render this edit plan (a changed plan.json) instead of making one
            dry_run: stop after the plan; print it with a forecast, render nothing
            review: show the plan, and ask before anything is rendered
            preview: a quick look: at most 480 lines, fast preset, NAME.preview.mp4
            metrics_output: also write times and costs to this JSON file, as a baseline
            like: an edit plan of the same series, for a language model to follow
            profile: a named set of options (offline, cheap, best); what you give beside it wins. Or what to measure the
                run with (cpu, memory, ffmpeg): a profile is left beside the report. May be given several times
            log_json: append the run's events to this file, one JSON object a line
            trace: send OpenTelemetry spans to where OTEL_EXPORTER_OTLP_ENDPOINT says
            speech: how the recording is listened to
            director: what to leave out
            voice: who speaks
            render: what the file is like
            terms: what may be spent
        """
        options = OptimizeOptions(speech=speech, director=director, voice=voice, render=render)
        named, profilers = told_apart(profile)
        if named is not None:
            options = with_profile(options, profile_named(named))
        job = Job(
            source=video,
            out=out,
            plan=plan,
            dry_run=dry_run,
            preview=preview,
            metrics_output=metrics_output,
            like=like,
            options=options,
            terms=terms,
        )
        job.check(log=log_json)
        with running(), observed(log_json=log_json, trace=trace):
            return profiled(profilers, job.folder, lambda: _show(run, _reviewed(run, job) if review else job))

    @app.command
    def estimate(
        video: Path,
        /,
        *,
        profile: str | None = None,
        speech: Speech = SpeechOptions(),
        director: Director = DirectorOptions(),
        voice: Voice = VoiceOptions(),
        terms: Money = Terms(),
    ) -> int:
        """Tell what a run will cost and how long it will take; nothing is asked of any service.

        Args:
            video: the recording: a video, or sound alone
            profile: a named set of options: offline, cheap, best; what you give beside it wins
            speech: how the recording is listened to
            director: what to leave out
            voice: who speaks
            terms: what may be spent, and your own prices
        """
        from cutdown.estimate import estimate as forecast
        from cutdown.services.prices import PriceBook
        from cutdown.terminal.estimate import print_estimate

        options = OptimizeOptions(speech=speech, director=director, voice=voice)
        if profile is not None:
            options = with_profile(options, profile_named(profile))
        told = forecast(Job(source=video, options=options, terms=terms), local_store())
        print_estimate(_output(), told, PriceBook.read(terms.prices))
        return 0

    @app.command
    def batch(
        source: str,
        dest: str,
        /,
        *,
        profile: str | None = None,
        selection: Which = Selection(),
        limits: Bounds = Limits(),
        speech: Speech = SpeechOptions(),
        director: Director = DirectorOptions(),
        voice: Voice = VoiceOptions(),
        render: Render = RenderOptions(),
        terms: Money = Terms(),
    ) -> int:
        """Make every new recording of a folder or an s3:// prefix short, each exactly once.

        Exit codes: 0 every recording has its result; 7 some failed; 4 the budget,
        8 the time of day left some for later.

        Args:
            source: folder or s3:// prefix with recordings
            dest: folder or s3:// prefix for the results
            profile: a named set of options: offline, cheap, best; what you give beside it wins
            selection: which recordings
            limits: how much the batch may take
            speech: how recordings are listened to
            director: what to leave out
            voice: who speaks
            render: what the files are like
            terms: what may be spent on each recording
        """
        from cutdown.batch.here import run_without_prefect
        from cutdown.terminal.batch import BatchLines, print_batch

        options = OptimizeOptions(speech=speech, director=director, voice=voice, render=render)
        if profile is not None:
            options = with_profile(options, profile_named(profile))
        wishes = BatchWishes(
            source=source, dest=dest, selection=selection, limits=limits, options=options, terms=terms
        )
        account = (run_batch or run_without_prefect)(wishes, BatchLines(_errors()))
        print_batch(_output(), account)
        return account.exit_code

    @app.command
    def demo(
        *,
        out: Path = Path("cutdown-demo"),
        director: Director = DirectorOptions(),
        voice: Voice = VoiceOptions(),
        render: Render = RenderOptions(),
        terms: Money = Terms(),
    ) -> int:
        """Make a small narrated screencast, with pauses, fillers and a botched take, and cut it down.

        Args:
            out: folder for the recording and the results
            director: what to leave out
            voice: who speaks
            render: what the file is like
            terms: what may be spent
        """
        from cutdown.demo import make_demo

        recording = out / "demo.mp4"
        if not recording.is_file():
            with LiveLines(_errors()) as lines, heard_by(lines), phase("demo") as progress:
                make_demo(recording, progress=progress)
        options = OptimizeOptions(director=director, voice=voice, render=render)
        return _show(run, Job(source=recording, out=out / "result", options=options, terms=terms))

    @app.command
    def schema(of: SchemaName = "edit-plan", /) -> int:
        """Print the JSON Schema of a file that is written.

        Args:
            of: edit-plan; metrics: a line of a metrics file; baseline: a measurement
        """
        from cutdown.metrics.baseline_form import baseline_schema
        from cutdown.metrics.schema import metrics_schema
        from cutdown.plan import edit_plan_schema

        made = {"edit-plan": edit_plan_schema, "metrics": metrics_schema, "baseline": baseline_schema}[of]()
        sys.stdout.write(json.dumps(made, indent=2) + "\n")
        return 0

    add_looking_back(app, _output)
    add_janitor(app, _output)
    return app


def start(app: App, arguments: list[str] | None = None) -> int:
    """Run a command line; every fault that a person can mend becomes one line.

    Returns:
        The exit code: 0 done; 2 usage or bad input; 3 provider; 4 budget; 5 a check on the
        output failed; 6 a folder or bucket; of a batch 7 some failed, 8 the deadline came first; 1 anything else.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a word that the terminal cannot show must not end a run
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        return _fail(
            "stopped; start the same command again to go on from the last finished phase", INTERRUPTED
        )
    except Exception as error:
        told = in_one_line(error)
        if told is None:
            raise
        return _fail(*told)
    return code if isinstance(code, int) else 0


def main() -> None:
    """The program ``cutdown``: the phases in this process, without Prefect."""
    from cutdown.pipeline import here, optimize

    def run(job: Job) -> Outcome:
        return optimize(job, here(store := open_store()), store)

    sys.exit(start(build_app(run)))


def _reviewed(run: Runner, job: Job) -> Job:
    """The job with the plan that the user agreed to; a dry run shows its plan anyway."""
    from cutdown.terminal.review import reviewed

    return job if job.dry_run else reviewed(job, _errors(), lambda plan_only: _show(run, plan_only))


def _show(run: Runner, job: Job) -> int:
    from cutdown.plan import EditPlan
    from cutdown.terminal.summary import print_forecast, print_plan, print_summary

    job.check()
    console = _output()
    with LiveLines(_errors()) as lines, heard_by(lines):
        try:
            outcome = run(job)
        except FailedOutputError as error:
            outcome = error.outcome
    if job.dry_run:
        print_plan(console, EditPlan.read(outcome.folder / "plan.json"))
    if outcome.forecast:
        print_forecast(console, outcome.forecast)
    print_summary(console, outcome)
    outcome.require_passed()
    return 0


def _output() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)


def _errors() -> Console:
    return Console(stderr=True)


def _fail(message: str, code: int) -> int:
    _errors().print(
        f"[bold red]error:[/] {escape(' '.join(message.split()))}", highlight=False, soft_wrap=True
    )
    return code


if __name__ == "__main__":
    main()
