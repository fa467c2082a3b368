"""What is asked directly is answered as by ASGI on uvicorn's own protocol, byte for byte."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable

import pytest

from app.journal.append import JournalUnavailable
from app.web.preview_token import PreviewLink, sign
from tests.builders import DAY, NOW
from tests.fakes import FakeJournal
from tests.unit.api.edge import PREVIEW_SECRET, PUBLIC, SECRET, SHOP, Edge, live_site
from tests.unit.kit.wire import Worker

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
DURATION = re.compile(rb"dur=[0-9.]+")
KEY = f"Authorization: Bearer {PUBLIC}"
DECIDE = json.dumps({"visitor": {"id": "v-1"}, "placements": ["home.hero"]}).encode()
LINK = PreviewLink(expires_at=NOW + DAY, revision=1)
PREVIEW = sign(LINK, PREVIEW_SECRET).encode()
EVENTS = json.dumps({"visitor": {"id": "v-1"}, "events": [{"name": "Page Viewed"}]}).encode()


def asking(
    *headers: str, target: str = "/decide", body: bytes = DECIDE, method: str = "POST", version: str = "1.1"
) -> bytes:
    head = [f"{method} {target} HTTP/{version}", "Host: api.example", *headers]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def in_chunks(body: bytes, size: int) -> bytes:
    head = (
        f"POST /decide HTTP/1.1\r\nHost: api.example\r\n{KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


REQUESTS = {
    "a decision": (asking(KEY), [200]),
    "events": (asking(KEY, target="/events", body=EVENTS), [202]),
    "a key in the address": (asking(target=f"/decide?key={PUBLIC}"), [200]),
    "a page": (asking(KEY, f"Origin: {SHOP}", "Content-Type: text/plain;charset=UTF-8"), [200]),
    "a page of our own": (asking(KEY, "Origin: https://api.example"), [200]),
    "an id": (asking(KEY, "X-Request-Id: mine-1"), [200]),
    "several ids": (asking(KEY, "X-Request-Id: \xff", "X-Request-Id: mine-2", "X-Request-Id: mine-3"), [200]),
    "explained": (asking(f"Authorization: Bearer {SECRET}", body=DECIDE[:-1] + b',"explain":true}'), [200]),
    "a preview": (asking(KEY, body=DECIDE[:-1] + b',"preview":"' + PREVIEW + b'"}'), [200]),
    "a preview that does not hold": (asking(KEY, body=DECIDE[:-1] + b',"preview":"x"}'), [200]),
    "no JSON": (asking(KEY, body=b"{"), [400]),
    "no body": (asking(KEY, body=b""), [400]),
    "no key": (asking(), [401]),
    "no key that is known": (asking("Authorization: Bearer pk_other"), [401]),
    "a secret in the address": (asking(target=f"/events?key={SECRET}"), [401]),
    "a page of somebody else's": (asking(KEY, "Origin: https://other.example"), [403]),
    "another instant": (asking(KEY, body=DECIDE[:-1] + b',"at":"2026-01-01T00:00:00Z"}'), [403]),
    "GET": (asking(KEY, method="GET", body=b""), [405]),
    "HEAD": (asking(KEY, method="HEAD", body=b""), [405]),
    "PUT": (asking(KEY, method="PUT"), [405]),
    "too large": (asking(KEY, body=b" " * 65_537), [413]),
    "just not too large": (asking(KEY, body=DECIDE.ljust(65_536)), [200]),
    "too large in chunks": (in_chunks(DECIDE.ljust(65_537), 5_000), [413]),
    "chunks": (in_chunks(DECIDE, 20), [200]),
    "a form": (asking(KEY, "Content-Type: application/x-www-form-urlencoded"), [415]),
    "wrong content": (asking(KEY, f"Origin: {SHOP}", body=b'{"visitor":{"id":7}}'), [422]),
    "a preflight": (asking(f"Origin: {SHOP}", method="OPTIONS", body=b""), [204]),
    "a preflight from elsewhere": (asking("Origin: https://no.example", method="OPTIONS", body=b""), [403]),
    "an expectation": (asking(KEY, "Expect: 100-continue"), [200]),
    "an expectation that is refused": (asking("Expect: 100-continue"), [401]),
    "only once": (asking(KEY, "Connection: close"), [200]),
    "an old client": (asking(KEY, version="1.0"), [200]),
    "an old client that stays": (asking(KEY, "Connection: keep-alive", version="1.0"), [200]),
    "another path": (asking(KEY, target="/decide/"), [500]),
    "an escaped path": (asking(KEY, target="/d%65cide"), [200]),
    "a whole address": (asking(KEY, target="http://api.example/decide"), [200]),
    "many": (
        (asking(KEY) + asking() + asking(KEY, body=b"{") + asking(method="GET", body=b"")) * 3,
        [200, 401, 400, 405] * 3,
    ),
    "one that breaks off": (asking(KEY)[:-1], []),
}


async def conversation(
    edge: Edge, request: bytes, *, pieces: int, plain: bool
) -> tuple[bytes, bool, Counter[tuple[str, int]]]:
    worker = Worker(edge.app, bounded=not plain)
    worker.state.default_headers = [(b"date", b"Sun, 22 Nov 2026 12:00:00 GMT")]
    wire = worker.connect()
    size = -(-len(request) // pieces)
    parts = [request[at : at + size] for at in range(0, len(request), size)]
    # As a loop does it: in no task.
    for part in parts:
        asyncio.get_running_loop().call_soon(wire.protocol.data_received, part)
        await worker.settle()
    said = wire.written, wire.ended(), edge.app.tally.answers
    wire.close()
    await worker.settle()
    wire.protocol._unset_keepalive_if_required()
    return DURATION.sub(b"", UUID.sub(b"", said[0])), *said[1:]


def statuses(written: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1.1 ([2-5]\d\d) ", written)]


@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize(("request_", "answered"), REQUESTS.values(), ids=REQUESTS.keys())
async def test_the_same_is_answered(request_: bytes, answered: list[int], pieces: int) -> None:
    directly = await conversation(Edge(), request_, pieces=pieces, plain=False)

    assert directly == await conversation(Edge(), request_, pieces=pieces, plain=True)
    assert statuses(directly[0]) == answered


def unloaded() -> Edge:
    edge = Edge()
    edge.live.replace({2: live_site(number=2)})
    return edge


def broken(error: Exception) -> Edge:
    class Broken(FakeJournal):
        async def append(self, _: object) -> None:
            raise error

    edge = Edge()
    edge.journal.__class__ = Broken
    return edge


def unopened() -> Edge:
    edge = Edge()
    edge.app.parts = None
    return edge


@pytest.mark.parametrize(
    ("made", "answered"),
    [
        (unloaded, [503, 503]),
        (unopened, [500]),
        (lambda: broken(LookupError("nobody foresaw this")), [500, 500]),
        (lambda: broken(JournalUnavailable("the disk is full")), [503, 503]),
        (lambda: Edge(requests_per_s=1), [202, 429]),
    ],
    ids=["a site that is not known yet", "before all is open", "a fault", "no journal", "too often"],
)
async def test_so_it_is_where_something_is_wrong(made: Callable[[], Edge], answered: list[int]) -> None:
    request = asking(KEY, f"Origin: {SHOP}", target="/events", body=EVENTS) * 2
    directly = await conversation(made(), request, pieces=1, plain=False)

    assert directly == await conversation(made(), request, pieces=1, plain=True)
    assert statuses(directly[0]) == answered
