"""What was measured on a finished video, against what was planned.

The file's own bytes are measured, never what the renderer said of them. A certificate is a JSON
file beside the video; reading one and writing it again gives the same bytes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cutdown.timebase import Frozen


class Measured(Frozen):
    """One value with its unit; ``None`` where it could not be measured."""

    name: str
    value: float | int | str | None
    unit: str = ""
    """Such as ``frames``, ``ms``, ``LUFS``, ``%``; empty for a text or a bare number."""


class Check(Frozen):
    """One question asked of the file.

    A check that could not be made has ``measured`` false and ``passed`` true: nothing speaks
    against the file, and the note says why nothing speaks for it.
    """

    name: str = Field(pattern=r"^[a-z][a-z-]*$")
    passed: bool
    measured: bool = True
    values: tuple[Measured, ...] = ()
    limit: str
    """What had to hold, for a person."""
    note: str
    """What was found, in one plain line."""

    @model_validator(mode="after")
    def _only_what_was_measured_fails(self) -> Check:
        if not self.measured and not self.passed:
            raise ValueError(f"check '{self.name}' failed without having been made")
        return self

    def value(self, name: str) -> float | int | str | None:
        """One of the measured values.

        Raises:
            KeyError: there is none of that name.
        """
        for measured in self.values:
            if measured.name == name:
                return measured.value
        raise KeyError(name)


class Certificate(Frozen):
    """All checks of one output."""

    schema_version: Literal[1] = 1
    output: str
    """File name without folder."""
    sha256: str
    """Content of the file that was measured."""
    passed: bool
    """Whether every check passed."""
    checks: tuple[Check, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees_with_its_checks(self) -> Certificate:
        if self.passed != all(check.passed for check in self.checks):
            raise ValueError("'passed' does not agree with the checks")
        return self

    def check(self, name: str) -> Check:
        """The check of that name.

        Raises:
            KeyError: there is none.
        """
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)
