"""Doing, in this process, the runs that requests have queued."""

from typing import Any

from httpx import AsyncClient

from app.admin.impact.schemas import ImpactRun
from app.admin.run_child import KINDS
from app.admin.runs.take import take_runs
from app.storage.postgres import Postgres

IMPACT_URL = "/api/v1/revisions/impact"


async def do_runs(postgres: Postgres) -> None:
    """Do all that wait."""
    await take_runs(postgres, KINDS)


async def impact_of(client: AsyncClient, postgres: Postgres, **question: Any) -> dict[str, Any]:
    """Ask what would change, have it found out, and read it."""
    queued = await client.post(IMPACT_URL, json=question)
    assert queued.status_code == 202, queued.text
    await do_runs(postgres)
    answer = await client.get(queued.headers["Location"])
    # It is encoded without its model, so that somebody has to see that it is one.
    assert ImpactRun.model_validate_json(answer.content).state != "cancelled"
    told: dict[str, Any] = answer.json()
    return told


async def result_of(client: AsyncClient, postgres: Postgres, **question: Any) -> dict[str, Any]:
    """Read the result of a run that does not fail."""
    told = await impact_of(client, postgres, **question)
    assert told["state"] == "done", told
    result: dict[str, Any] = told["result"]
    return result
