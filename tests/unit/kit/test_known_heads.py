import gc

import pytest
from httptools import HttpRequestParser

from app.kit.direct import Answer, Answering, Asked
from app.kit.known_heads import Head, KnownHeads
from tests.unit.kit.apps import Message, Receive, Send
from tests.unit.kit.wire import HEAD, WHOLE, Worker, received

KNOWN = HEAD + b"Content-Length: 3\r\n\r\n"


class Reader:
    """Reads a request with the parser that connections have, and tells what a head would be known by."""

    def __init__(self, piece: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        HttpRequestParser(self).feed_data(piece)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    @property
    def head(self) -> Head:
        return Head("/", b"", dict(self.headers), tuple(self.headers), is_last=False)


def kept(piece: bytes, heads: KnownHeads | None = None) -> KnownHeads:
    heads, reader = heads or KnownHeads(), Reader(piece)
    for _ in range(2):
        heads.keep(piece, reader.head, len(reader.body))
    return heads


def test_a_head_that_was_kept_is_found_before_another_body_of_that_length() -> None:
    found = kept(WHOLE).find(KNOWN + b"xyz")

    assert found == (Reader(WHOLE).head, b"xyz")


def test_a_head_that_was_read_once_is_not_kept() -> None:
    heads, reader = KnownHeads(), Reader(WHOLE)

    heads.keep(WHOLE, reader.head, 3)

    assert heads.find(WHOLE) is None


def test_a_body_may_hold_what_ends_a_head() -> None:
    long = HEAD + b"Content-Length: 9\r\n\r\n"

    found = kept(long + b"a\r\n\r\nbcde").find(long + b"\r\n\r\n\r\n\r\nz")

    assert found is not None
    assert found[1] == b"\r\n\r\n\r\n\r\nz"


@pytest.mark.parametrize(
    "piece",
    [
        b"",
        KNOWN,
        KNOWN + b"xy",
        KNOWN + b"xyzP",
        KNOWN[:-1],
        KNOWN.replace(b"shop", b"shot") + b"xyz",
        b"\r\n" + KNOWN + b"xyz",
    ],
)
def test_what_is_anything_but_a_known_head_and_its_body_is_not_found(piece: bytes) -> None:
    assert kept(WHOLE).find(piece) is None


@pytest.mark.parametrize(
    "piece",
    [
        b"\r\n" + WHOLE,
        WHOLE + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 03\r\n\r\nabc",
        HEAD + b"X: " + b"x" * 2_048 + b"\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_request_that_is_framed_in_any_other_way_is_not_kept(piece: bytes) -> None:
    assert not kept(piece)._known


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_a_head_whose_lines_end_otherwise_is_not_kept_even_where_it_was_read(end: bytes) -> None:
    # What a lenient parser may have read as the head of a shorter request, with something else behind it.
    piece = WHOLE.replace(b"Host: shop\r\n", b"Host: shop" + end)
    heads = KnownHeads()

    for _ in range(2):
        heads.keep(piece, Reader(WHOLE).head, 3)

    assert heads.find(piece) is None


def test_only_so_many_are_kept_the_ones_that_came_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kit.known_heads._HEADS", 2)
    heads = KnownHeads()
    pieces = [WHOLE.replace(b"shop", b"shop-%d" % number) for number in range(3)]

    for piece in pieces:
        kept(piece, heads)

    assert [heads.find(piece) is not None for piece in pieces] == [False, True, True]


def test_the_garbage_collector_has_nothing_to_search_in_what_is_kept() -> None:
    known = kept(WHOLE)._known
    # Tuples of what it need not search are left out the next times that it comes by.
    gc.collect()
    gc.collect()
    ((head, _),) = known.values()

    assert not any(map(gc.is_tracked, (*known.values(), head, head.headers, head.sent, *head.sent)))


class Answers:
    """Answers everything alike, as long as it answers at all, and keeps what it was sent."""

    def __init__(self) -> None:
        self.is_here = True
        self.bodies: list[bytes | None] = []

    async def __call__(self, _scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def directly(self, _path: str) -> Answering | None:
        return self._answer if self.is_here else None

    async def _answer(self, asked: Asked) -> Answer:
        self.bodies.append(asked.body)
        return Answer(200, [(b"content-length", b"0")], b"")


async def test_a_request_whose_head_is_known_is_answered_without_the_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Answers()
    worker = Worker(app)
    first, second = worker.connect(), worker.connect()
    await received(worker, first, WHOLE)
    await received(worker, first, WHOLE)
    # A parser that does not hear of it cannot answer it.
    monkeypatch.setattr(second.protocol, "parser", None)

    await received(worker, second, WHOLE.replace(b"abc", b"xyz"))

    assert (second.statuses, app.bodies) == ([200], [b"abc", b"abc", b"xyz"])


async def test_what_is_known_goes_to_asgi_once_nobody_answers_it_directly() -> None:
    app = Answers()
    worker = Worker(app)
    wire = worker.connect()
    await received(worker, wire, WHOLE)
    await received(worker, wire, WHOLE)
    app.is_here = False

    await received(worker, wire, WHOLE)

    assert wire.statuses == [200, 200, 503]
