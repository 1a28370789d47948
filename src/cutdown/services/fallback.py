"""The next provider when one does not deliver, in the user's order, never in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from cutdown.errors import ProviderError
from cutdown.services.account import Account
from cutdown.services.choices import Choice

Result = TypeVar("Result")


def first_that_delivers(
    choices: Sequence[Choice], work: Callable[[Choice], Result], account: Account
) -> Result:
    """What the first provider gives that delivers; each one passed over is written in the account.

    Raises:
        ProviderError: the last provider did not deliver either, or the first one did not and the
            terms are strict.
        BudgetError: at once; a cheaper provider is the user's to choose.
    """
    for choice, following in pairwise(choices):
        try:
            return work(choice)
        except ProviderError as error:
            if account.terms.strict:
                raise ProviderError(
                    f"{error}; --strict forbids going on with '{following}'",
                    fault=error.fault,
                    charged=error.charged,
                ) from None
            account.downgrade(str(choice), str(following), str(error))
    return work(choices[-1])
