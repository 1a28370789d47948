"""The error tree, split by who can put the matter right.

Every message names what was wrong, what is allowed, and what to do next, in one line. The
engine raises; only the command line turns an error into an exit code.
"""

from __future__ import annotations

from typing import ClassVar


class CutdownError(Exception):
    """Anything that Cutdown reports to a person in one line."""

    exit_code: ClassVar[int] = 1
    retryable: bool = False
    """Whether the same call may succeed when it is made again."""
    retry_after: float | None = None
    """Seconds that the other side asked to wait, where it said so."""


class UsageError(CutdownError):
    """The caller can mend it: an option, a name, a path."""

    exit_code = 2


class PlanError(UsageError):
    """An edit plan breaks its contract; the message names the action and the fault."""


class MediaError(CutdownError):
    """The file is at fault: broken, empty, or of a kind that cannot be read."""

    exit_code = 2


class ModelError(UsageError):
    """Weights are missing or are not the ones expected; the message names file and hash."""


class MissingKeyError(UsageError):
    """No key for a provider; the message names every place that was searched."""


class ProviderError(CutdownError):
    """A service or a voice did not deliver.

    Args:
        message: one line for a person; never holds a key, a transcript or narration.
        retryable: whether trying again can help.
        retry_after: seconds to wait first, where the service said so.
        fault: the kind of fault in two or three words, such as ``rate limit``.
        charged: whether the service may charge for the request all the same, because it may have
            done the work before the answer was lost.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        fault: str = "no delivery",
        charged: bool = False,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.fault = fault
        self.charged = charged


class BudgetError(CutdownError):
    """The next call would break the budget that was set."""

    exit_code = 4


class CheckError(CutdownError):
    """The output failed one of its checks; the message names the check and the file kept."""

    exit_code = 5


class StorageError(CutdownError):
    """A folder or a bucket did not do what was asked.

    Args:
        message: one line for a person; never holds a key.
        retryable: whether trying again later can help.
        retry_after: seconds to wait first, where the service said so.
    """

    exit_code = 6

    def __init__(self, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class RenderError(CutdownError):
    """A program or a library failed while working on good input."""

    exit_code = 1
