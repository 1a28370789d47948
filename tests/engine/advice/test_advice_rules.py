"""When advice is given, what it says, and when there is none."""

from __future__ import annotations

from typing import Any

import pytest
from advice_kit import a_case, assembly, direct, ingest, voice

from cutdown.advice import Advice, Case, Machine, advise, this_machine
from cutdown.advice.advise import said
from cutdown.advice.rules import RuleBook, rule_book
from cutdown.metrics import Replaced, TokensUsed, allowed
from cutdown.services.choices import Choice
from cutdown.settings import RenderOptions

GPT_4O = (Choice(provider="openai", model="gpt-4o"),)
ELEVENLABS = (Choice(provider="elevenlabs", model="eleven_multilingual_v2", voice="Rachel"),)
SLOW = 1300.0  # seconds: more than an hour for 30 minutes, where the video takes 600 s


def advice_on(case: Case, trouble: str) -> Advice | None:
    return next((finding.advice for finding in advise(case) if finding.trouble == trouble), None)


def rules_of(case: Case) -> list[str]:
    return [finding.advice.rule for finding in advise(case) if finding.advice]


def dear_director(usd: float = 6.0) -> Any:
    tokens = TokensUsed(prompt=400_000, completion=50_000, total=450_000)
    return direct(
        20, llm_provider="openai", llm_model="gpt-4o", tokens_used=tokens, estimated_cost=usd, requests=2
    )


def test_a_run_that_is_fast_cheap_and_smooth_gets_no_advice() -> None:
    assert advise(a_case()) == ()


def test_the_slowest_phase_comes_first_and_the_gain_is_of_this_runs_share() -> None:
    advice = advice_on(a_case(ingest(SLOW)), "slow")
    assert advice
    assert advice.rule == "smaller-whisper"
    share = rule_book().rates["tiny.en"].saves["base"]
    assert advice.gain == pytest.approx(0.9 * SLOW * share)
    assert advice.sentence() == (
        "transcription took 86 % of 1364 s; --whisper-model tiny.en would save about 10 min, word errors about +0.4 points"
    )
    drawn = advice_on(a_case(assembly(SLOW), render=RenderOptions(engine="moviepy", preset="medium")), "slow")
    assert drawn
    assert drawn.rule == "faster-engine"


@pytest.mark.parametrize(
    "case",
    [
        a_case(ingest(SLOW, whisper_model="tiny.en")),  # in force already
        a_case(ingest(SLOW), language="de"),  # tiny.en hears English only
        a_case(ingest(SLOW, transcription_method="api")),  # the wait is the service's
        a_case(ingest(SLOW, cached=True)),  # nothing was done
        a_case(assembly(SLOW, resolution="640x360")),  # everything is at its fastest
        a_case(assembly(SLOW), render=RenderOptions(encoder="h264_nvenc", preset="medium")),  # another encoder's preset
        a_case(ingest(50), assembly(100), direct(SLOW, llm_provider="openai", api_call_time=SLOW)),  # a service's wait
    ],
)  # fmt: skip
def test_nothing_is_advised_that_would_not_have_helped(case: Case) -> None:
    (finding,) = (finding for finding in advise(case) if finding.trouble == "slow")
    assert finding.advice is None


def test_a_gain_below_the_bound_is_not_advised() -> None:
    book = rule_book()
    small = a_case(ingest(0.06 * SLOW), direct(SLOW, api_call_time=SLOW))  # 3 % of the total could be saved
    assert advice_on(small, "slow") is None
    lower = book.model_copy(update={"least": book.least.model_copy(update={"share": 0.01})})
    assert [finding.advice.rule for finding in advise(small, lower) if finding.advice] == ["smaller-whisper"]


def test_a_service_is_advised_only_within_reach_and_after_what_is_free() -> None:
    german = {"language": "de"}
    assert advice_on(a_case(ingest(SLOW), **german), "slow") is None
    paid = advice_on(a_case(ingest(SLOW), services=("openai",), **german), "slow")
    assert paid
    assert (paid.rule, paid.gives_up) == ("transcription-service", "for $0.0600")
    assert paid.gain == pytest.approx(0.9 * SLOW - 600 * 0.025)
    free = advice_on(a_case(ingest(SLOW), services=("openai",)), "slow")
    assert free
    assert free.rule == "smaller-whisper"


def test_a_larger_picture_is_made_smaller() -> None:
    advice = advice_on(a_case(assembly(SLOW, resolution="1920x1080")), "slow")
    assert advice
    assert advice.recommend == "--resolution 720p"


def test_money_is_saved_where_most_of_it_went() -> None:
    spoken = voice(estimated_cost=3.0, tts_provider="elevenlabs", requests=9)
    case = a_case(
        dear_director(), spoken, directors=GPT_4O, voices=ELEVENLABS, services=("openai", "elevenlabs")
    )
    advice = advice_on(case, "costly")
    assert advice
    assert advice.recommend == "--llm openai/gpt-4o-mini"
    assert advice.gain == pytest.approx(6.0 * (1 - 0.06), rel=1e-3)  # its list price is 6 % of the other's
    assert advice.sentence().startswith(
        "the language model cost $6.00 of $9.00; --llm openai/gpt-4o-mini would save $5.64"
    )


def test_a_voice_that_is_out_of_reach_is_passed_over_for_one_here() -> None:
    spoken = voice(estimated_cost=7.0, tts_provider="elevenlabs", requests=9)
    there = advice_on(a_case(spoken, voices=ELEVENLABS, services=("openai", "elevenlabs")), "costly")
    here = advice_on(a_case(spoken, voices=ELEVENLABS, services=("elevenlabs",)), "costly")
    assert there
    assert here
    assert (there.recommend, round(there.gain, 2)) == ("--voice openai/tts-1", 6.65)
    assert (here.recommend, here.gain) == ("--voice hibari", 7.0)


def test_a_cost_that_is_not_known_is_no_cost_to_advise_on() -> None:
    assert rules_of(a_case(dear_director(), voice(estimated_cost=None), directors=GPT_4O)) == []


def test_limits_point_to_another_service_and_else_to_this_machine() -> None:
    spoken = voice(
        60, tts_provider="elevenlabs", requests=30, rate_limited=12, waited_seconds=48, total_api_time=12
    )
    near = advice_on(a_case(spoken, voices=ELEVENLABS, services=("elevenlabs", "openai")), "limited")
    assert near
    assert near.sentence() == (
        "ElevenLabs refused 12 of 30 requests for speech, 48 s were waited; --voice openai/tts-1 would save about 48 s, "
        "in another voice"
    )
    alone = advice_on(a_case(spoken, voices=ELEVENLABS, services=("elevenlabs",)), "limited")
    assert alone
    assert alone.recommend == "--voice hibari"
    local_first = (Choice(provider="hibari"), *ELEVENLABS)
    stood_in = spoken.model_copy(
        update={"downgrades": (Replaced(wanted="hibari", used="elevenlabs", why="it broke"),)}
    )
    told = advice_on(a_case(stood_in, voices=local_first, services=("openai",)), "limited")
    assert told
    assert told.evidence.startswith("ElevenLabs refused 12 of 30")
    brief = voice(60, tts_provider="elevenlabs", requests=30, rate_limited=1, waited_seconds=1)
    assert advice_on(a_case(brief, voices=ELEVENLABS), "limited") is None


def test_short_memory_points_to_the_phase_that_needed_most() -> None:
    small = {"machine": Machine(cores=2, memory_mb=1000)}
    heard = advice_on(a_case(ingest(peak_memory_mb=950), **small), "memory")
    assert heard
    assert (heard.recommend, heard.unit) == ("--whisper-model tiny.en", "MB")
    assert advice_on(a_case(assembly(peak_memory_mb=950), **small), "memory") is None
    assert advise(a_case(ingest(peak_memory_mb=950))) == ()


def test_busy_cores_are_worth_a_word_only_where_the_run_took_its_time() -> None:
    quick = ingest(200, cpu_percent_mean=195)
    assert advise(a_case(quick)) == ()
    slower = ingest(500, cpu_percent_mean=195)
    assert rules_of(a_case(slower)) == ["smaller-whisper"]


def test_a_container_of_half_the_cores_is_busy_with_them() -> None:
    case = a_case(ingest(500, cpu_percent_mean=148), machine=Machine(cores=1.5, memory_mb=16_000))
    assert [finding.finding for finding in advise(case)] == [
        "All 1.5 cores were busy 99 % of the slowest phase"
    ]
    assert this_machine(services=False).cores == allowed().cores


def test_one_setting_is_advised_once() -> None:
    findings = advise(a_case(ingest(SLOW, cpu_percent_mean=195)))
    assert [(finding.trouble, finding.advice is not None, finding.same_as) for finding in findings] == [
        ("slow", True, None),
        ("busy", False, "slow"),
    ]


def test_every_rule_is_of_a_known_phase_and_speaks_of_known_facts() -> None:
    book = rule_book()
    assert {rule.phase for rule in book.rules} <= {record.phase for record in a_case().records}
    assert len({rule.name for rule in book.rules}) == len(book.rules)
    assert {trouble for rule in book.rules for trouble in rule.helps} == {
        trigger.name for trigger in book.triggers
    }
    assert all(rate.source and rate.as_of for rate in book.rates.values())


def test_a_rule_book_with_a_rate_that_is_not_there_is_refused() -> None:
    raw = rule_book().model_dump()
    with pytest.raises(ValueError, match=r"no rate named tiny\.en"):
        RuleBook.model_validate(
            raw | {"rates": {name: rate for name, rate in raw["rates"].items() if name != "tiny.en"}}
        )


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [(4.24, "s", "4.2 s"), (61, "s", "61 s"), (130, "s", "2 min"), (7200, "s", "2.0 h"), (0.031, "$", "$0.0310"), (2.5, "$", "$2.50"), (1234, "MB", "1,234 MB")],
)  # fmt: skip
def test_amounts_are_said_as_people_say_them(amount: float, unit: str, words: str) -> None:
    assert said(amount, unit) == words


def test_a_service_with_an_address_that_is_none_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8080")
    services = this_machine().services
    assert "openai" not in services
    assert "anthropic" in services
