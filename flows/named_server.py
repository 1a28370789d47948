"""Prefect's server where one is named: whether it answers, told in one line."""

from __future__ import annotations

from cutdown.errors import CutdownError, UsageError


class NoServerError(CutdownError):
    """No Prefect server answers."""

    exit_code = 2


def see_that_it_answers(address: str, remedy: str) -> None:
    """Ask the server of Prefect's settings for something small.

    Args:
        address: of its API, for the message.
        remedy: what to do where nothing answers.

    Raises:
        NoServerError: nothing answers there, or something else does.
        UsageError: it wants a password.
    """
    import httpx
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            client.read_work_pools(limit=1)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status != httpx.codes.UNAUTHORIZED:
            raise NoServerError(
                f"what answers at {address} is no Prefect server that works (status {status}); set PREFECT_API_URL to one, "
                "with /api at its end"
            ) from error
        raise UsageError(
            f"the Prefect server at {address} wants a password; set PREFECT_API_AUTH_STRING to USER:PASSWORD"
        ) from error
    except httpx.TransportError as error:
        raise NoServerError(f"no Prefect server answers at {address}; {remedy}") from error
