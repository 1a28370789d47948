"""What is declared beside this file, read strictly: a misspelt key is an error, not nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutdown.errors import UsageError

FOLDER: Final = Path(__file__).resolve().parent
Model = TypeVar("Model", bound=BaseModel)


class Declared(BaseModel):
    """A part of a declaration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(Declared):
    """A work pool: the worker type's own template, with other defaults."""

    type: str
    description: str
    concurrency_limit: int | None = Field(default=None, ge=1)
    """Runs of the pool at once, on all machines together."""
    worker_limit: int | None = Field(default=None, ge=1)
    """Runs at once that a worker takes where it is not told otherwise."""
    variables: dict[str, Any] = Field(default_factory=dict)
    """Defaults of the pool's job variables, by name."""
    configuration: dict[str, Any] = Field(default_factory=dict)
    """What is laid over the template's job configuration."""


class Pools(Declared):
    """The file ``pools.yaml``."""

    definitions: dict[str, Any] = Field(default_factory=dict)  # anchors
    pools: dict[str, Pool]
    limits: dict[str, int]
    """Global concurrency limits by name."""

    def pool(self, name: str) -> Pool:
        """A declared pool.

        Raises:
            UsageError: there is none of that name.
        """
        if name not in self.pools:
            raise UsageError(
                f"no pool '{name}' is declared in pools.yaml; choose from {', '.join(self.pools)}"
            )
        return self.pools[name]


class AutomationDeclared(Declared):
    """An automation; Prefect's own models check trigger and actions."""

    name: str
    description: str
    trigger: dict[str, Any]
    actions: list[dict[str, Any]]

    def blocks(self) -> set[str]:
        """Blocks that its actions send to."""
        return {action["block"] for action in self.actions if "block" in action}


class Automations(Declared):
    """The file ``automations.yaml``."""

    definitions: dict[str, Any] = Field(default_factory=dict)
    automations: list[AutomationDeclared]


def read_pools(path: Path = FOLDER / "pools.yaml") -> Pools:
    """Pools and limits; see `read`."""
    return read(path, Pools)


def read_automations(path: Path = FOLDER / "automations.yaml") -> Automations:
    """Automations; see `read`."""
    return read(path, Automations)


def read(path: Path, kind: type[Model]) -> Model:
    """A declaration.

    Raises:
        UsageError: the file is not what it should be; names the place.
    """
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"cannot read '{path}': {error}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise UsageError(f"'{path.name}': {place}: {fault['msg']}") from error


def laid_over(below: Any, above: Any) -> Any:
    """One document over another: keys are joined, entries of lists one by one, anything else is replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        joined = {
            key: laid_over(value, above[key]) if key in above else value for key, value in below.items()
        }
        return joined | {key: value for key, value in above.items() if key not in below}
    if isinstance(below, list) and isinstance(above, list):
        both = [laid_over(*pair) for pair in zip(below, above, strict=False)]
        return both + below[len(both) :] + above[len(both) :]
    return above


def job_template(pool: Pool, template: dict[str, Any]) -> dict[str, Any]:
    """A pool's base job template.

    Args:
        pool: what is declared.
        template: the worker type's own, from Prefect.

    Raises:
        UsageError: a variable that the worker type does not know.
    """
    properties = template["variables"]["properties"]
    unknown = sorted(set(pool.variables) - set(properties))
    if unknown:
        raise UsageError(
            f"'pools.yaml': a {pool.type} pool has no variable '{unknown[0]}'; it has {', '.join(sorted(properties))}"
        )
    defaults = {
        name: spec | ({"default": pool.variables[name]} if name in pool.variables else {})
        for name, spec in properties.items()
    }
    return {
        "job_configuration": laid_over(template["job_configuration"], pool.configuration),
        "variables": template["variables"] | {"properties": defaults},
    }
