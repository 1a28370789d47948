"""The prompts, as files; `prompt_version` changes with every letter of them."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib.resources import files
from typing import Final

from cutdown.director.llm.forms import Decisions, Overview

_NAMES: Final = ("decide.md", "overview.md", "views.md")


@functools.cache
def prompt(name: str) -> str:
    """The text of a prompt."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")


@functools.cache
def prompt_version() -> str:
    """What all prompts and forms are known by: twelve hex digits of their content."""
    parts = [prompt(name.removesuffix(".md")) for name in _NAMES]
    parts += [json.dumps(form.model_json_schema(), sort_keys=True) for form in (Decisions, Overview)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def views(count: int) -> tuple[str, ...]:
    """What each of several candidates is told at the end: nothing to the first, another view to each other one."""
    return ("", *prompt("views").splitlines())[:count]
