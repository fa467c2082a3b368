"""A running service that publishes at an instant, and tells a receiver of it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.kit.clock import now
from tests.builders import document
from tests.integration.signpost import Service, serving
from tests.receiver import Receiver, receiving
from tests.waiting import until


def schedules(service: Service, receiver: Receiver) -> Any:
    """Add a webhook, and schedule a draft for in a moment; gives what both answered."""
    headers = {"Authorization": f"Bearer {service.keys['secret_key']}"}
    with service.workers(1) as [worker]:
        webhook = {"url": receiver.url, "events": ["revision.published"]}
        _, added = worker.ask("POST", "/api/v1/webhooks", webhook, **headers)
        assert worker.ask("PUT", "/api/v1/config", document(), **headers)[0] == 200
        at = (now() + timedelta(seconds=1)).isoformat()
        _, made = worker.ask("POST", "/api/v1/revisions", {"publish_at": at, "comment": "soon"}, **headers)
        return json.loads(added), json.loads(made)


async def test_what_is_scheduled_is_published_and_told(tmp_path: Path) -> None:
    async with receiving() as receiver:

        async def has_come() -> bool:
            return bool(receiver.received)

        with serving(tmp_path / "data", WEBHOOK_NETWORKS="127.0.0.0/8") as service:
            added, made = await asyncio.to_thread(schedules, service, receiver)
            await until(has_come)
    [received] = receiver.received
    assert received.is_signed_with(added["secret"])
    assert received.said["data"] == {"number": 1, "comment": "soon", "author": "first secret key"}
    assert received.said["timestamp"] >= made["publish_at"]
