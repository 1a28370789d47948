"""Named sets of options, and what a user gives beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutdown.cli import build_app, start
from cutdown.errors import UsageError
from cutdown.job import Job, Outcome
from cutdown.pipeline import cast_of
from cutdown.profiles import only_changed, profile_named, ready_profiles, with_profile
from cutdown.settings import OptimizeOptions, VoiceOptions


def test_every_ready_profile_names_providers_that_there_are() -> None:
    for options in ready_profiles().values():
        assert cast_of(options, keys=False)
    assert profile_named("offline") == OptimizeOptions()


def test_the_last_of_every_list_needs_no_service() -> None:
    for options in ready_profiles().values():
        assert not any(choices[-1].is_service for choices in cast_of(options, keys=False))


def test_what_is_given_wins_even_where_it_is_the_default() -> None:
    options = OptimizeOptions(voice=VoiceOptions(voice="hibari"))
    mixed = with_profile(options, profile_named("cheap"))
    assert mixed.voice.voice == "hibari"
    assert mixed.director.llm == profile_named("cheap").director.llm


def test_the_command_line_takes_a_profile(tmp_path: Path) -> None:
    talk = tmp_path / "talk.mp4"
    talk.write_bytes(b"-")
    jobs: list[Job] = []

    def runner(job: Job) -> Outcome:
        jobs.append(job)
        return Outcome(video_id="v", run_id="r", folder=tmp_path, source_seconds=1, output_seconds=1)

    assert start(build_app(runner), ["optimize", str(talk), "--profile", "best", "--crf", "30"]) == 0
    assert jobs[0].options.render.crf == 30
    assert jobs[0].options.render.preset == "medium"
    assert jobs[0].options.director.llm.startswith("anthropic/")


def test_an_unknown_profile_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="choose from best, cheap, offline"):
        profile_named("luxury")


def test_of_a_form_that_sends_everything_only_what_differs_counts() -> None:
    """Prefect's form fills in every default; a profile must win over those."""
    sent = OptimizeOptions.model_validate(OptimizeOptions().model_dump() | {"voice": {"voice": "kokoro"}})
    mixed = with_profile(only_changed(sent), profile_named("cheap"))
    assert mixed.voice.voice == "kokoro"
    assert mixed.director.llm == profile_named("cheap").director.llm
