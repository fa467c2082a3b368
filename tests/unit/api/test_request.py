import gc
import tracemalloc

import pytest

from app.api.request import ClientGone, Request
from app.kit.direct import Asked
from app.web.problems import ProblemError
from tests.unit.api.edge import receiving, request, scope_of


async def refusal(asked: Request, limit: int = 10) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await asked.json_body(limit)
    return caught.value


def test_a_header_is_found_by_its_name() -> None:
    asked = request(headers={"Origin": "https://shop.example"})

    assert asked.header(b"origin") == "https://shop.example"
    assert asked.header(b"referer") is None


def test_of_a_header_that_is_sent_twice_the_first_counts() -> None:
    scope = scope_of()
    scope["headers"] = [(b"x-twice", b"first"), (b"x-twice", b"second")]

    assert Request.by_asgi(scope, receiving([])).header(b"x-twice") == "first"


def test_a_header_may_hold_any_byte() -> None:
    assert (
        request(headers={"Referer": "https://shop.example/\xff"}).header(b"referer")
        == "https://shop.example/ÿ"
    )


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("", None),
        ("other=1", None),
        ("key=pk_1", "pk_1"),
        ("a=b&key=pk_1&key=pk_2", "pk_1"),
        ("key=pk%5F1", "pk_1"),
        ("key=", None),
        ("key", None),
        ("&&=%%%&key=a", "a"),
    ],
)
def test_a_query_value_is_the_first_of_its_name(query: str, value: str | None) -> None:
    assert request(query=query).query_value("key") == value


def test_of_the_fields_of_a_query_that_nobody_asks_for_nothing_is_kept() -> None:
    fields = "&".join(f"field-{number}=value-{number}" for number in range(1_000))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for number in range(20):
        request(query=f"{fields}&key={number}").query_value("key")
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert kept < 20 * 3 * len(fields)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": "APPLICATION/JSON; charset=utf-8"},
        {"Content-Type": "text/plain;charset=UTF-8"},
    ],
)
async def test_json_is_read_under_each_type_that_a_page_or_a_program_sends(headers: dict[str, str]) -> None:
    assert await request([b"{}"], headers=headers).json_body(10) == b"{}"


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "application/xml"],
)
async def test_any_other_type_is_refused(kind: str) -> None:
    assert (await refusal(request([b"{}"], headers={"Content-Type": kind}))).status == 415


async def test_a_body_may_come_in_pieces() -> None:
    assert await request([b"{", b"", b'"a"', b":1}"]).json_body(10) == b'{"a":1}'


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_body_that_was_read_is_not_kept(*, is_there: bool) -> None:
    sent = b'{"of": "some length"}'
    asked = Request(Asked("POST", "/events", b"", {}, [], None, sent)) if is_there else request([sent])

    body = await asked.json_body(100)

    assert body == sent
    assert all(part is not body for part in gc.get_referents(asked))


async def test_a_body_may_be_as_large_as_the_limit() -> None:
    assert await request([b"x" * 10], headers={"Content-Length": "10"}).json_body(10) == b"x" * 10


async def test_a_body_that_is_announced_too_large_is_refused_unread() -> None:
    problem = await refusal(request([], headers={"Content-Length": "11"}))

    assert (problem.status, problem.headers) == (413, {"Connection": "close"})
    assert "10 bytes" in problem.detail


@pytest.mark.parametrize("chunks", [[b"x" * 11], [b"x" * 6, b"x" * 6], [b"x"] * 11])
@pytest.mark.parametrize(
    "headers", [{}, {"Content-Length": "5"}, {"Content-Length": "many"}, {"Content-Length": "-1"}]
)
async def test_a_body_that_turns_out_too_large_is_refused_whatever_was_announced(
    chunks: list[bytes], headers: dict[str, str]
) -> None:
    assert (await refusal(request(chunks, headers=headers))).status == 413


async def test_a_large_body_is_not_read_to_its_end() -> None:
    asked = request([b"x" * 11, b"never read"])
    await refusal(asked)

    assert (await asked._receive())["body"] == b"never read"


async def test_a_client_may_hang_up_in_the_middle() -> None:
    with pytest.raises(ClientGone):
        await request([b"{"], then_gone=True).json_body(10)


def test_a_header_that_is_sent_twice_can_be_read_twice() -> None:
    scope = scope_of()
    scope["headers"] = [(b"x-twice", b"first"), (b"x-other", b""), (b"x-twice", b"second")]

    assert Request.by_asgi(scope, receiving([])).values(b"x-twice") == [b"first", b"second"]


@pytest.mark.parametrize(("client", "peer"), [(("203.0.113.9", 443), "203.0.113.9"), (None, None)])
def test_the_peer_is_who_is_at_the_other_end(client: tuple[str, int] | None, peer: str | None) -> None:
    assert Request.by_asgi({**scope_of(), "client": client}, receiving([])).peer == peer
