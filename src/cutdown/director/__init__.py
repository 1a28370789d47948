"""Directors: each makes an edit plan from what was heard and seen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, cast

from cutdown.errors import UsageError
from cutdown.plan import EditPlan
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.fallback import first_that_delivers
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.transcript import Transcript


class Director(Protocol):
    """Decides what happens to every second of a recording."""

    def plan(
        self,
        recording: Recording,
        transcript: Transcript,
        signals: Signals,
        options: DirectorOptions,
        *,
        progress: Progress = unheard,
    ) -> EditPlan:
        """Make the plan; the same input, and the same answers of a model, give the same plan.

        Raises:
            ProviderError: a service did not deliver, or what it delivered cannot be used.
            BudgetError: asking it would break the budget.
        """
        ...


_DIRECTORS: Final[Mapping[str, str]] = {  # a new director: one file beside this one, one line here
    "offline": "cutdown.director.offline:OfflineDirector",
    "openai": "cutdown.director.llm.openai_model:OpenAIModel",
    "anthropic": "cutdown.director.llm.anthropic_model:AnthropicModel",
    "compatible": "cutdown.director.llm.compatible_model:CompatibleModel",
}


def director_names() -> tuple[str, ...]:
    """All directors that can be asked for."""
    return tuple(_DIRECTORS)


def open_director(choice: Choice, account: Account, examples: Sequence[EditPlan] = ()) -> Director:
    """The director that was chosen.

    Args:
        choice: the offline director, or a language model.
        account: pays for services.
        examples: earlier plans of the same series, for a language model to follow.

    Raises:
        UsageError: when there is none of that name.
        MissingKeyError: no key for the service.
    """
    if choice.provider not in _DIRECTORS:
        raise UsageError(
            f"no director named '{choice.provider}'; choose from {', '.join(sorted(_DIRECTORS))}"
        )
    module, _, attribute = _DIRECTORS[choice.provider].partition(":")
    opened = getattr(importlib.import_module(module), attribute).opened(choice, account)
    if not choice.is_service:
        return cast("Director", opened)
    from cutdown.director.llm.director import LLMDirector

    return LLMDirector(opened, examples)


class FirstDirector:
    """Directors in the user's order: the first that delivers.

    Args:
        choices: who is asked, and who goes on when that one does not deliver.
        account: pays for services.
        examples: earlier plans of the same series.
    """

    def __init__(
        self, choices: Sequence[Choice], account: Account, examples: Sequence[EditPlan] = ()
    ) -> None:
        self._choices = choices
        self._account = account
        self._examples = examples

    def plan(
        self,
        recording: Recording,
        transcript: Transcript,
        signals: Signals,
        options: DirectorOptions,
        *,
        progress: Progress = unheard,
    ) -> EditPlan:
        """Make the plan; see `Director.plan`."""
        return first_that_delivers(
            self._choices,
            lambda choice: open_director(choice, self._account, self._examples).plan(
                recording, transcript, signals, options, progress=progress
            ),
            self._account,
        )
