"""The real `signpost serve`, from outside."""

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.embedded.place import Place
from app.embedded.process import kill
from app.storage.postgres import dsn_of
from tests.builders import delivering, document, experiment, segment
from tests.integration.signpost import Service, Worker, serving, signpost
from tests.waiting import lives, until, wait_until

DOCUMENT = document(
    segments=[
        segment("viewed", {"events.page_viewed.count": {"$gte": 1}}),
        segment("viewed-200-times", {"events.page_viewed.count": 200}),
    ],
    experiments=[experiment()],
    rules=[delivering("hero-copy")],
)


@pytest.fixture(scope="module", params=["direct", "asgi"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two workers and a published site, asked in both ways."""
    folder = tmp_path_factory.mktemp("serve") / "data"
    with serving(folder, WORKERS="2", HTTP=request.param) as running:
        publish(running)
        yield running


def publish(service: Service) -> None:
    admin = {"Authorization": f"Bearer {service.keys['secret_key']}"}
    with service.workers(2) as workers:
        assert workers[0].ask("PUT", "/api/v1/config", DOCUMENT, **admin)[0] == 200
        assert workers[0].ask("POST", "/api/v1/revisions", {"comment": "first"}, **admin)[0] == 201
        for worker in workers:
            while decide(service, worker, "nobody", placements=["nowhere"])["revision"] == 0:
                pass


def post(service: Service, worker: Worker, path: str, body: Any) -> tuple[int, Any]:
    status, answer = worker.ask("POST", path, body, Authorization=f"Bearer {service.keys['public_key']}")
    return status, json.loads(answer)


def decide(service: Service, worker: Worker, visitor: str, **body: Any) -> Any:
    asked = {"visitor": {"id": visitor}, "placements": ["home.hero"], **body}
    status, answer = post(service, worker, "/decide", asked)
    assert status == 200
    return answer


def send(service: Service, worker: Worker, visitor: str, *ids: str) -> Any:
    events = [{"name": "page_viewed", "id": id_} for id_ in ids]
    status, answer = post(service, worker, "/events", {"visitor": {"id": visitor}, "events": events})
    assert status == 202
    return answer


def is_well(worker: Worker) -> bool:
    return bool(json.loads(worker.ask("GET", "/readyz")[1])["status"] == "ok")


def test_servers_that_are_killed_come_back_under_the_service(service: Service) -> None:
    place = Place(service.data_dir.resolve())
    kill(place.postgres)
    kill(place.valkey)

    with service.workers(2) as workers:
        wait_until(lambda: all(is_well(worker) for worker in workers))


def test_it_prints_the_keys_and_a_line_to_try_once(service: Service) -> None:
    assert len(service.curl) == 1
    for kind in ("public_key", "secret_key"):
        assert service.said.count(f"{kind.replace('_', ' ')}  {service.keys[kind]}") == 1


def test_the_line_to_try_works_in_a_shell(service: Service) -> None:
    tried = subprocess.run(["sh", "-c", service.curl[0]], capture_output=True, check=True)

    assert json.loads(tried.stdout)["placements"]["home.hero"]["variant"] in {"default", "offer"}


def test_the_keys_are_for_their_owner_alone(service: Service) -> None:
    for kept in ("keys.json", "pepper.json"):
        assert (service.data_dir / kept).stat().st_mode & 0o777 == 0o600


def test_an_event_is_seen_at_once_by_the_worker_that_took_it_and_by_the_other(service: Service) -> None:
    with service.workers(2) as (one, other):
        send(service, one, "v-seen", "seen-1")

        assert decide(service, one, "v-seen")["visitor"]["segments"] == ["viewed"]
        assert decide(service, other, "v-seen")["visitor"]["segments"] == ["viewed"]


def test_who_offers_http_2_is_answered_as_anybody(service: Service) -> None:
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAMAAABk"}
    key = f"Bearer {service.keys['public_key']}"
    asked = {"visitor": {"id": "v-h2c"}, "placements": ["home.hero"]}
    with service.workers(2) as (worker, _):
        answers = [worker.ask("POST", "/decide", asked, Authorization=key, **offer) for _ in range(3)]

        assert [status for status, _ in answers] == [200] * 3
        assert decide(service, worker, "v-h2c")["placements"] == json.loads(answers[0][1])["placements"]


def test_an_arm_is_the_same_on_every_worker(service: Service) -> None:
    with service.workers(2) as (one, other):
        first, second = decide(service, one, "v-arm"), decide(service, other, "v-arm")

    assert first["placements"] == second["placements"]
    assert [body["assignments"][0]["first"] for body in (first, second)] == [True, False]


async def rows(service: Service, query: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn_of(service.database_url))
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


async def test_events_and_assignments_arrive_in_postgresql_exactly_once(service: Service) -> None:
    ids = [f"stored-{number}" for number in range(20)]
    with service.workers(2) as (one, other):
        for worker in (one, other):
            for id_ in ids:
                send(service, worker, "v-stored", id_, id_)
        answered = [decide(service, worker, "v-stored")["decision_id"] for worker in (one, other) * 10]

    async def stored() -> list[str]:
        decisions = "SELECT decision_id::text FROM assignments WHERE visitor = 'v-stored'"
        return [row["decision_id"] for row in await rows(service, decisions)]

    async def all_are_there() -> bool:
        return set(await stored()) == set(answered)

    await until(all_are_there)
    assert sorted(await stored()) == sorted(answered)
    events = await rows(service, "SELECT id FROM events WHERE visitor = 'v-stored'")
    assert sorted(row["id"] for row in events) == sorted(ids)


async def test_200_events_of_one_visitor_at_once_are_all_seen(service: Service) -> None:
    def one_by_one(worker: Worker, numbers: range) -> None:
        for number in numbers:
            assert send(service, worker, "v-many", f"many-{number}")["accepted"] == 1

    with service.workers(2) as workers:
        connections = [Worker(service.port) for _ in range(18)] + workers
        shares = [range(place * 10, place * 10 + 10) for place in range(20)]
        await asyncio.gather(
            *(asyncio.to_thread(one_by_one, *job) for job in zip(connections, shares, strict=True))
        )
        seen = decide(service, workers[0], "v-many")["visitor"]["segments"]
        for connection in connections:
            connection.close()

    assert seen == ["viewed", "viewed-200-times"]
    stored = "SELECT count(*) AS count FROM events WHERE visitor = 'v-many'"

    async def all_are_there() -> bool:
        return bool((await rows(service, stored))[0]["count"] == 200)

    await until(all_are_there)


def test_a_site_can_be_made_while_it_serves(service: Service) -> None:
    made = signpost("site", "create", "shop-de", data_dir=service.data_dir)
    again = signpost("site", "create", "shop-de", data_dir=service.data_dir)

    assert made.returncode == 0
    key = made.stdout.split()[2]
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.splitlines()[-1] == "signpost: there is a site 'shop-de' already"
    with service.workers(2) as workers:
        for worker in workers:
            body = {"visitor": {"id": "v-1"}, "placements": ["home.hero"]}
            while worker.ask("POST", "/decide", body, Authorization=f"Bearer {key}")[0] != 200:
                pass


def test_it_begins_again_without_telling_its_keys(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        keys = first.keys
    with serving(tmp_path / "data") as second:
        assert len(second.curl) == 1
        assert keys["public_key"] in second.curl[0]
        assert keys["secret_key"] not in second.said
        assert "secret key" not in second.said
        assert second.keys == keys


def test_keys_that_are_given_count_at_the_first_start_and_are_not_told(tmp_path: Path) -> None:
    given = {"SITE_KEY": "pk_given_first", "ADMIN_KEY": "sk_given_first"}
    with serving(tmp_path / "data", **given) as first:
        assert first.keys == {"public_key": "pk_given_first", "secret_key": "sk_given_first"}
        assert "pk_given_first" in first.curl[0]
        assert "secret key  as SIGNPOST_ADMIN_KEY says\n" in first.said
        assert "sk_given_first" not in first.said
        assert "lets nobody in" not in first.log

    with serving(tmp_path / "data", SITE_KEY="pk_given_later", ADMIN_KEY="sk_given_later") as second:
        assert "pk_given_first" in second.curl[0]
        for name in ("SIGNPOST_SITE_KEY", "SIGNPOST_ADMIN_KEY"):
            assert f"signpost: {name} lets nobody in: " in second.log
        assert "_given_later" not in second.said + second.log


def test_killed_outright_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving(tmp_path / "data", WORKERS="2") as service:
        running = service.processes()
        assert len(running) >= 6, "the command, two workers, a shipper, PostgreSQL and Valkey"

        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()

        service.wait_until_nothing_is_left(running)


def test_a_worker_that_is_killed_is_replaced(service: Service) -> None:
    with service.workers(2) as workers:
        killed = workers[0].pid
        os.kill(killed, signal.SIGKILL)

    with service.workers(2) as workers:
        assert killed not in {worker.pid for worker in workers}


async def test_a_shipper_that_is_killed_is_replaced(service: Service) -> None:
    [shipper] = [pid for pid in service.processes() if b"\0ship\0" in command_of(pid)]
    os.kill(shipper, signal.SIGKILL)

    with service.workers(1) as workers:
        send(service, workers[0], "v-killed", "killed-1")
    await until_stored(service, "killed-1")

    assert not lives(shipper)


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def until_stored(service: Service, id_: str) -> None:
    async def is_there() -> bool:
        return bool(await rows(service, "SELECT FROM events WHERE id = $1", id_))

    await until(is_there)


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = signpost("serve", data_dir=tmp_path / "data", PORT=str(port))

    assert ended.returncode == 1
    assert ended.stderr == f"signpost: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert not (tmp_path / "data").exists()


def test_a_connection_goes_on_after_a_refusal_whose_body_nobody_read(service: Service) -> None:
    asked = {"visitor": {"id": "v-1"}, "placements": ["home.hero"], "context": {"url": "x" * 4_000}}
    with service.workers(1) as (worker, *_):
        assert worker.ask("POST", "/decide", asked, Authorization="Bearer pk_nobody")[0] == 401
        assert worker.ask("POST", "/decide", asked, Content_Type="text/html")[0] == 401
        assert decide(service, worker, "v-1")["visitor"]["id"] == "v-1"


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_body_that_is_too_large_ends_its_connection(service: Service, announced: bool) -> None:  # noqa: FBT001 - it comes from the line above
    body = b" " * 4 * 1_024 * 1_024
    framed = body if announced else b"%x\r\n%b\r\n" % (len(body), body)
    length = b"Content-Length: %d" % len(body) if announced else b"Transfer-Encoding: chunked"
    key = service.keys["public_key"].encode()
    head = b"POST /decide HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %b\r\n%b\r\n\r\n" % (key, length)
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head + framed)
        answer = b""
        while received := connection.recv(65_536):
            answer += received

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
