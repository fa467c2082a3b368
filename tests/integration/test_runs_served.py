"""Runs under the real `signpost serve`: asked of one worker, done by a child, told by another worker."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import delivering, document, experiment, segment
from tests.integration.signpost import Service, Worker, serving
from tests.waiting import wait_until

DOCUMENT = document(
    segments=[segment("all", {})], experiments=[experiment()], rules=[delivering("hero-copy")]
)
VISITORS = 5


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two workers, a published site and an empty draft."""
    with serving(tmp_path_factory.mktemp("runs") / "data", WORKERS="2") as running:
        with running.workers(2) as (one, _):
            assert asked(running, one, "PUT", "/api/v1/config", DOCUMENT)[0] == 200
            assert asked(running, one, "POST", "/api/v1/revisions", {"comment": "first"})[0] == 201
        yield running


def asked(service: Service, worker: Worker, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask as an admin who does not care what was there before."""
    headers = {"Authorization": f"Bearer {service.keys['secret_key']}", "If_Match": "*"}
    status, answer = worker.ask(method, path, body, **headers)
    return status, json.loads(answer)


def test_a_run_asked_of_one_worker_is_told_by_the_other(service: Service) -> None:
    with service.workers(2) as (one, other):

        def are_logged() -> bool:
            """Come again until the revision is in force and every visitor's decision has arrived."""
            for number in range(VISITORS):
                body = {"visitor": {"id": f"v-{number}"}, "placements": ["home.hero"]}
                asked(service, one, "POST", "/decide", body)
            url = asked(service, one, "POST", "/api/v1/revisions/impact", {"candidate": 1})[1]["id"]
            return bool(finished(service, other, url)["total"]["visitors"] == VISITORS)

        wait_until(are_logged)
        assert asked(service, one, "PUT", "/api/v1/config", document())[0] == 200

        queued = asked(service, one, "POST", "/api/v1/revisions/impact", {})[1]
        total = finished(service, other, queued["id"])["total"]

    assert (total["visitors"], total["placements"][0]["lost"]) == (VISITORS, total["changed"])
    assert [(move["after"], move["before"] is not None) for move in total["experiments"][0]["moves"]] == [
        (None, True)
    ] * len(total["experiments"][0]["moves"])


def finished(service: Service, worker: Worker, run: str) -> Any:
    """Wait for the result of a run."""
    told: dict[str, Any] = {}

    def is_over() -> bool:
        told.update(asked(service, worker, "GET", f"/api/v1/revisions/impact/{run}")[1])
        return told["state"] not in {"queued", "running"}

    wait_until(is_over)
    assert told["state"] == "done", told
    return told["result"]


def test_sizes_are_measured_and_then_there(service: Service) -> None:
    with service.workers(2) as (one, other):
        wait_until(lambda: asked(service, one, "GET", "/api/v1/segment-sizes")[0] == 200)

        status, sizes = asked(service, other, "GET", "/api/v1/segment-sizes")

    assert (status, [size["segment"] for size in sizes["items"]]) == (200, ["all"])
