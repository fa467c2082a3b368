"""What tests of schedules ask again and again."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

from app.admin.revisions.timetable import Timetable
from app.kit.clock import now
from app.storage.postgres import Postgres
from tests.api.answers import REVISIONS_URL, replace

SCHEDULED_URL = f"{REVISIONS_URL}/scheduled"


async def schedule(client: AsyncClient, document: dict[str, Any], comment: str = "") -> dict[str, Any]:
    """Put a document and schedule it for tomorrow."""
    await replace(client, document)
    body = {"comment": comment, "publish_at": (now() + timedelta(days=1)).isoformat()}
    response = await client.post(REVISIONS_URL, json=body)
    assert response.status_code == 202, response.text
    answered: dict[str, Any] = response.json()
    return answered


async def is_due(postgres: Postgres, *made: dict[str, Any]) -> None:
    """Let the instants of schedules have come, one second after the other."""
    for number, each in enumerate(made):
        query = "UPDATE scheduled_revisions SET publish_at = now() - $2::int * interval '1 s' WHERE id = $1"
        await postgres.pool.execute(query, each["id"], len(made) - number)


async def publish_due(postgres: Postgres) -> None:
    """Publish all that is due."""
    timetable = Timetable(postgres.engine)
    while await timetable.publish_next():
        pass


async def become_of(client: AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    """Tell what became of a schedule."""
    answered: dict[str, Any] = (await client.get(f"{SCHEDULED_URL}/{made['id']}")).json()
    return answered
