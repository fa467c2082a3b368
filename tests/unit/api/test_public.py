import logging
from uuid import UUID

import pytest

from tests.unit.api.edge import PUBLIC, SHOP, Edge, live_site, receiving, scope_of


@pytest.fixture
def edge() -> Edge:
    return Edge()


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "lifespan"},
        {"type": "websocket", "path": "/decide"},
        scope_of(path="/livez"),
        scope_of(path="/decide/"),
    ],
)
async def test_what_is_not_ours_is_passed_on(edge: Edge, scope: dict[str, object]) -> None:
    await edge.send(scope, receiving([]))

    assert edge.passed_on == [scope["type"]]


async def test_before_everything_is_open_all_is_passed_on(edge: Edge) -> None:
    edge.app.parts = None

    await edge.decide()

    assert edge.passed_on == ["http"]


async def test_a_decision_is_json_that_nobody_may_keep(edge: Edge) -> None:
    answer = await edge.decide()

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["server-timing"].startswith("decide;dur=")


async def test_events_are_accepted(edge: Edge) -> None:
    answer = await edge.events({"name": "page_viewed"})

    assert (answer.status, answer.json()) == (202, {"accepted": 1, "duplicate": 0, "ignored": 0})
    assert answer.headers["server-timing"].startswith("events;dur=")


async def test_a_problem_says_so_by_its_type(edge: Edge) -> None:
    answer = await edge.post("/decide", b"{")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["status"] == answer.status == 400
    assert answer.json()["title"] == "Bad Request"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/decide", "/events"])
async def test_only_post_is_understood(edge: Edge, method: str, path: str) -> None:
    answer = await edge.send(scope_of(method, path), receiving([b""]))

    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_a_request_id_is_taken_over(edge: Edge) -> None:
    answer = await edge.decide(headers={"X-Request-Id": "mine-1"})

    assert answer.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize(
    "given", [{}, {"X-Request-Id": "x" * 129}, {"X-Request-Id": "é"}, {"X-Request-Id": ""}]
)
async def test_a_request_id_is_made_where_none_can_be_taken_over(edge: Edge, given: dict[str, str]) -> None:
    answer = await edge.decide(headers=given)

    assert UUID(answer.headers["x-request-id"]).version == 7


async def test_a_problem_has_its_request_id_too(edge: Edge) -> None:
    answer = await edge.post("/decide", b"{", headers={"X-Request-Id": "mine-1"})

    assert answer.headers["x-request-id"] == "mine-1"


async def test_a_client_that_hangs_up_gets_no_answer(edge: Edge) -> None:
    scope = scope_of(headers={"Authorization": f"Bearer {PUBLIC}"})

    answer = await edge.send(scope, receiving([b'{"visitor":'], then_gone=True))

    assert answer.messages == []


async def test_what_nobody_foresaw_is_a_500_that_tells_nothing_and_is_logged(
    edge: Edge, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.journal, "append", _failing)
    with caplog.at_level(logging.ERROR):
        answer = await edge.events({"name": "page_viewed"})

    assert answer.status == 500
    assert "LookupError" not in answer.body.decode()
    assert "/events failed" in caplog.text


async def _failing(_records: object) -> None:
    raise LookupError("nobody foresaw this")


async def test_a_page_can_read_its_errors_too(edge: Edge) -> None:
    answer = await edge.post("/decide", b"{", headers={"Origin": SHOP})

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, SHOP)


async def test_a_key_whose_site_is_not_known_yet_is_asked_to_come_back(edge: Edge) -> None:
    edge.live.replace({2: live_site(number=2)})

    answer = await edge.decide()

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


async def test_a_preflight_is_answered_without_a_body(edge: Edge) -> None:
    answer = await edge.send(scope_of("OPTIONS", headers={"Origin": SHOP}), receiving([b""]))

    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers


async def test_each_answer_is_counted_by_path_and_status(edge: Edge) -> None:
    await edge.decide()
    await edge.decide()
    await edge.post("/decide", b"{")
    await edge.events({"name": "page_viewed"})

    assert edge.app.tally.answers == {("/decide", 200): 2, ("/decide", 400): 1, ("/events", 202): 1}
    assert edge.app.tally.took_ns["/decide"] > 0
