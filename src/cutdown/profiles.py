"""Profiles: named sets of options, ready made or saved by a user."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import yaml

from cutdown.errors import UsageError
from cutdown.profiling import profiler_names
from cutdown.settings import OptimizeOptions


@functools.cache
def ready_profiles() -> Mapping[str, OptimizeOptions]:
    """The profiles that are shipped, by name."""
    raw = yaml.safe_load(files("cutdown").joinpath("profiles.yaml").read_text(encoding="utf-8"))
    return {name: OptimizeOptions.model_validate(options) for name, options in raw.items()}


def profile_named(name: str) -> OptimizeOptions:
    """A profile that is shipped.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in ready_profiles():
        raise UsageError(f"no profile named '{name}'; choose from {', '.join(sorted(ready_profiles()))}")
    return ready_profiles()[name]


def with_profile(options: OptimizeOptions, profile: OptimizeOptions) -> OptimizeOptions:
    """The profile's options, with those that the user gave on top of them.

    What counts as given is what was set, even to its default.
    """
    groups: dict[str, Any] = {}
    for group in OptimizeOptions.model_fields:
        below, above = getattr(profile, group), getattr(options, group)
        given = {name: getattr(above, name) for name in above.model_fields_set}
        groups[group] = below.model_copy(update=given)
    return OptimizeOptions(**groups)


def only_changed(options: OptimizeOptions) -> OptimizeOptions:
    """The same options, of which only those that differ from their defaults count as given."""
    return OptimizeOptions.model_validate(options.model_dump(exclude_defaults=True))


def told_apart(profiles: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Of all that ``--profile`` names, the set of options and the profilers.

    Raises:
        UsageError: two sets of options, or a name that is neither.
    """
    profilers = tuple(dict.fromkeys(name for name in profiles if name in profiler_names()))
    named = [name for name in profiles if name not in profiler_names()]
    if len(named) > 1:
        raise UsageError(f"--profile takes one set of options, not {' and '.join(named)}; leave one out")
    if named and named[0] not in ready_profiles():
        raise UsageError(
            f"no profile named '{named[0]}'; choose from {', '.join(sorted(ready_profiles()))}, or measure the run with "
            + ", ".join(profiler_names())
        )
    return (named[0] if named else None), profilers
