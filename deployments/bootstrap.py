"""Puts what is declared into force on a Prefect server. Twice gives the same state as once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type
from pydantic import SecretStr

import blocks
from cutdown.errors import UsageError
from deployments.declared import AutomationDeclared, Pool, job_template, read_automations, read_pools

ALERTS: Final = "cutdown-alerts"


def put_into_force(pools: Sequence[str], alerts: str | None = None) -> Iterator[str]:
    """Block types, work pools, limits and automations.

    Args:
        pools: the declared pools that the deployments use.
        alerts: address that alerts are posted to; kept encrypted, as the block ``webhook/cutdown-alerts``.

    Yields:
        A line for each thing that is now so.

    Raises:
        UsageError: no pool of that name is declared.
    """
    declared = read_pools()
    for pool in pools:
        declared.pool(pool)
    with get_client(sync_client=True) as client:
        for name in blocks.__all__:
            getattr(blocks, name).register_type_and_schema(client=client, _sync=True)
        yield f"block types: {', '.join(blocks.__all__)}"
        for pool in pools:
            make_pool(client, pool, declared.pool(pool))
            yield f"pool: {pool} ({declared.pool(pool).type})"
        for name, limit in declared.limits.items():
            client.upsert_global_concurrency_limit_by_name(name, limit)
            yield f"limit: {name} {limit}"
        if alerts:
            webhook = Webhook(method="POST", url=SecretStr(alerts))
            webhook.save(ALERTS, overwrite=True, _sync=True)  # type: ignore[call-arg]  # Prefect's decorator takes it
            yield f"block: webhook/{ALERTS}"
        for automation in read_automations().automations:
            yield make_automation(client, automation)


def make_pool(client: SyncPrefectClient, name: str, pool: Pool) -> None:
    """Create a work pool, or bring it up to what is declared.

    Raises:
        UsageError: Prefect knows no worker of that type.
    """
    template = asyncio.run(get_default_base_job_template_for_infrastructure_type(pool.type))
    if template is None:
        raise UsageError(f"'pools.yaml': Prefect has no worker of type '{pool.type}' for the pool '{name}'")
    declared: dict[str, Any] = {
        "description": pool.description,
        "base_job_template": job_template(pool, template),
        "concurrency_limit": pool.concurrency_limit,
    }
    try:
        client.create_work_pool(WorkPoolCreate(name=name, type=pool.type, **declared))
    except ObjectAlreadyExists:
        client.update_work_pool(name, WorkPoolUpdate(**declared))  # one that was paused stays paused


def make_automation(client: SyncPrefectClient, declared: AutomationDeclared) -> str:
    """Create an automation, or bring the one of this name up to what is declared.

    Returns:
        What came of it, as a line.
    """
    known = {slug: block_id(client, slug) for slug in declared.blocks()}
    missing = sorted(slug for slug, found in known.items() if found is None)
    if missing:
        return f"automation left out: {declared.name}; it sends to '{missing[0]}', which is not saved: --alerts URL saves it"
    content = {
        "name": declared.name,
        "description": declared.description,
        "trigger": declared.trigger,
        "actions": [_resolved(action, known) for action in declared.actions],
    }
    wanted = AutomationCore.model_validate(content)
    same_name = client.read_automations_by_name(declared.name)
    if same_name:
        client.update_automation(same_name[0].id, wanted)
    else:
        client.create_automation(wanted)
    return f"automation: {declared.name}"


def _resolved(action: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """An action as Prefect takes it: the block's id for its name, the payload as JSON text."""
    if "block" not in action:
        return action
    rest = {key: value for key, value in action.items() if key not in ("block", "payload")}
    payload = {"payload": json.dumps(action["payload"])} if "payload" in action else {}
    return rest | payload | {"block_document_id": known[action["block"]]}


def block_id(client: SyncPrefectClient, slug: str) -> Any:
    """The id of a saved block ``TYPE/NAME``; None where there is none."""
    kind, _, name = slug.partition("/")
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound:
        return None
