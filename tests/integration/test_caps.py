"""Caps hold whoever asks at once, and whatever forgets."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from app.storage.postgres import dsn_of
from tests.builders import document, rule
from tests.integration.signpost import Service, Worker, serving
from tests.waiting import until, wait_until

PAGE_LOADS = 200
DOCUMENT = document(
    rules=[
        rule("once", cap={"count": 1}),
        rule("thrice", cap={"count": 3, "per_days": 1}, placements=["side"]),
    ],
)
DOCUMENT["placements"] = [*DOCUMENT["placements"], {**DOCUMENT["placements"][0], "key": "side"}]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("caps") / "data", WORKERS="2") as running:
        admin = {"Authorization": f"Bearer {running.keys['secret_key']}"}
        with running.workers(2) as workers:
            assert workers[0].ask("PUT", "/api/v1/config", DOCUMENT, **admin)[0] == 200
            assert workers[0].ask("POST", "/api/v1/revisions", {"comment": "caps"}, **admin)[0] == 201
            for worker in workers:
                while decide(running, worker, "nobody", "nowhere")["revision"] == 0:
                    pass
        yield running


@pytest.fixture
def connections(service: Service) -> Iterator[list[Worker]]:
    """So many connections that each worker has at least a quarter of them."""
    opened: list[Worker] = []

    def are_shared_out() -> bool:
        opened.extend(Worker(service.port) for _ in range(PAGE_LOADS - len(opened)))
        taken = Counter(worker.pid for worker in opened)
        if len(taken) == 2 and min(taken.values()) >= PAGE_LOADS // 4:
            return True
        most = taken.most_common(1)[0][0]
        for worker in [worker for worker in opened if worker.pid == most][PAGE_LOADS // 2 :]:
            opened.remove(worker)
            worker.close()
        return False

    wait_until(are_shared_out)
    yield opened
    for worker in opened:
        worker.close()


def asking(service: Service, worker: Worker, visitor: str, *placements: str) -> None:
    body = {"visitor": {"id": visitor}, "placements": placements, "events": [{"name": "page_viewed"}]}
    worker.send("POST", "/decide", body, Authorization=f"Bearer {service.keys['public_key']}")


def answered(worker: Worker) -> Any:
    status, answer = worker.answer()
    assert status == 200
    return json.loads(answer)


def decide(service: Service, worker: Worker, visitor: str, *placements: str) -> Any:
    asking(service, worker, visitor, *placements)
    return answered(worker)


def shown(answer: Any, placement: str) -> str:
    return str(answer["placements"][placement]["variant"])


def test_of_200_page_loads_at_once_on_two_workers_one_is_shown_what_may_be_shown_once(
    service: Service, connections: list[Worker]
) -> None:
    for worker in connections:
        asking(service, worker, "v-crowd", "home.hero", "side")
    answers = [answered(worker) for worker in connections]

    seen = {key: Counter(shown(answer, key) for answer in answers) for key in ("home.hero", "side")}
    assert seen["home.hero"] == {"offer": 1, "default": PAGE_LOADS - 1}
    assert seen["side"] == {"offer": 3, "default": PAGE_LOADS - 3}
    assert all(answer["degraded"] == [] for answer in answers)


async def test_what_was_shown_is_known_where_valkey_has_forgotten_everything(service: Service) -> None:
    with service.workers(2) as (one, other):
        assert shown(decide(service, one, "v-kept", "home.hero"), "home.hero") == "offer"
        await until(lambda: is_shipped(service, "v-kept"))
        place = json.loads((service.data_dir / "servers.json").read_text())
        async with Redis.from_url(place["redis_url"]) as redis:
            await redis.flushall()

        assert shown(decide(service, other, "v-kept", "home.hero"), "home.hero") == "default"


async def is_shipped(service: Service, visitor: str) -> bool:
    """Whether PostgreSQL knows of a delivery to somebody."""
    connection = await asyncpg.connect(dsn_of(service.database_url))
    try:
        found = await connection.fetchval("SELECT count(*) FROM profile_changes WHERE visitor = $1", visitor)
        return bool(found)
    finally:
        await connection.close()
