"""A mistake as one line: what was wrong, what is allowed, what to type next."""

from __future__ import annotations

import errno
from typing import Any, Final

from cyclopts import CycloptsError, UnusedCliTokensError
from pydantic import ValidationError

from cutdown.errors import CutdownError, StorageError, UsageError

_FORMS: Final = {"resolution": "1280x720 or 720p", "bitrate": "2500k or 2.5M"}
_MAKE_ROOM: Final = (
    "make room where the results, CUTDOWN_HOME and temporary files lie, then start the same command again"
)
_ALLOW: Final = "check that you may read and write there, or choose another place (--out, CUTDOWN_HOME)"
_OF_SYSTEM: Final = {  # what a person can mend of what the system refuses
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _MAKE_ROOM),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _ALLOW),
    errno.ENAMETOOLONG: "use a shorter name, for the results one of your own with --out",
}


def in_one_line(error: Exception) -> tuple[str, int] | None:
    """What to tell of an error, and the exit code; None for what is nobody's mistake."""
    match error:
        case CutdownError():
            return str(error), error.exit_code
        case CycloptsError():
            return _of_option(error), UsageError.exit_code
        case ValidationError():
            return _of_validation(error), UsageError.exit_code
        case OSError() if error.errno in _OF_SYSTEM:
            kind = UsageError if error.errno == errno.ENAMETOOLONG else StorageError
            return _of_system(error), kind.exit_code
    return None


def _of_system(error: OSError) -> str:
    place = f": '{error.filename}'" if error.filename else ""
    return f"{error.strerror}{place}; {_OF_SYSTEM[error.errno or 0]}"


def _of_option(error: CycloptsError) -> str:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return _of_validation(cause, error.argument.name if error.argument else "")
    if isinstance(error, UnusedCliTokensError):
        left = ", ".join(f"'{token}'" for token in error.unused_tokens or ())
        return f"too many arguments: {left}; put a name with spaces into quotes, --help tells the options"
    return f"{str(error).rstrip('.')}; --help tells the options"


def _of_validation(error: ValidationError, argument: str = "") -> str:
    """Of several faults the first.

    Args:
        error: says which field, but for one that is no part of a model.
        argument: what that one is called.
    """
    fault: Any = error.errors(include_url=False)[0]
    message = str(fault["msg"]).removeprefix("Value error, ")
    name = "".join(map(str, fault["loc"][-1:]))
    if not name and (not argument or fault["type"] == "value_error"):  # of several options together
        return message
    if fault["type"] == "string_pattern_mismatch" and name in _FORMS:
        message = f"write it as in {_FORMS[name]}"
    option = f"--{name}".replace("_", "-") if name else argument
    return (
        f"{option} {fault.get('input')!r}: {message[:1].lower()}{message[1:]}; --help tells what is allowed"
    )
