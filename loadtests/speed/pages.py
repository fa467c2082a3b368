"""The requests that the website's pages send, as a browser writes them."""

import msgspec

from loadtests.speed.shop import ORIGIN, PLACEMENTS
from loadtests.speed.visitors import visitor_id

BODY_BYTES = 600
_PLATFORMS = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "Linux; Android 10; K")
# As many browsers as a shop meets in a minute.
AGENTS = tuple(
    f"Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for platform in _PLATFORMS
    for version in range(128, 140)
)
_HEAD = (
    "POST {path}?key={key} HTTP/1.1\r\n"
    "Host: signpost.example\r\n"
    "Connection: keep-alive\r\n"
    "Content-Length: {length}\r\n"
    'sec-ch-ua: "Chromium";v="139", "Not;A=Brand";v="99"\r\n'
    "sec-ch-ua-mobile: ?0\r\n"
    'sec-ch-ua-platform: "Windows"\r\n'
    "User-Agent: {agent}\r\n"
    "Content-Type: text/plain;charset=UTF-8\r\n"
    "Accept: */*\r\n"
    f"Origin: {ORIGIN}\r\n"
    "Sec-Fetch-Site: cross-site\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    f"Referer: {ORIGIN}/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "\r\n"
)


def decide_body(number: int, placements: int = 3, *, events: int = 0) -> bytes:
    """Write the body of a page load's `/decide`: 600 bytes for three placements and no event."""
    note = ""
    body = {
        "visitor": {"id": visitor_id(number)},
        "placements": PLACEMENTS[:placements],
        "context": {
            "url": f"{ORIGIN}/shelf-none/lamp-{number % 997:03}?utm_source=mail&utm_campaign=spring&page=2",
            "referrer": "https://search.example/?q=lamp",
            "locale": "en-GB",
            "country": "GB",
            "timezone": "Europe/London",
            "attributes": {"cart_value": 129.9, "items": 3, "logged_in": True, "note": note},
        },
        "events": event_bodies(events),
        "consent": {"personalization": True, "analytics": True},
    }
    written = msgspec.json.encode(body)
    # What a shop says of its own about a page makes up the rest.
    return written.replace(b'"note":""', b'"note":"%b"' % (b"n" * (BODY_BYTES - len(written))))


def events_body(number: int, events: int) -> bytes:
    """Write the body of `/events` with that many of one visitor."""
    consent = {"personalization": True, "analytics": True}
    return msgspec.json.encode(
        {"visitor": {"id": visitor_id(number)}, "events": event_bodies(events), "consent": consent}
    )


def event_bodies(events: int) -> list[dict[str, object]]:
    """Say what the visitor did, without ids, so that none is a repeat of another."""
    properties = {"sku": "L-2041", "category": "lamps", "value": 49.9, "currency": "EUR"}
    return [{"name": "product_viewed", "properties": properties} for _ in range(events)]


def request(path: str, key: str, number: int, body: bytes) -> bytes:
    """Write the whole request of a visitor."""
    head = _HEAD.format(path=path, key=key, length=len(body), agent=AGENTS[number % len(AGENTS)])
    return head.encode() + body
