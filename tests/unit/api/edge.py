"""The public edge with everything behind it in memory, asked as a server asks an ASGI app."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.api.parts import Parts
from app.api.public import PublicEdge
from app.api.request import Receive, Request, Scope, Send
from app.decision.observe import Observe
from app.decision.preview import Preview
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets, LiveSite
from app.rulesets.others import OtherRulesets
from app.rulesets.previewed import PreviewedRulesets
from app.web.keyring import Caller, Keyring, Role, hash_of
from tests.builders import NOW, ruleset
from tests.fakes import AwayPool, FakeCaps, FakeJournal, FakeProfiles, decide_over

SITE = 1
PUBLIC, SECRET = "pk_public", "sk_secret"
IDENTITY_SECRET = "the site's own"
PREVIEW_SECRET = "what links are signed with"
SHOP = "https://shop.example"

Headers = Mapping[str, str]


@dataclass
class Answer:
    """What was sent to the client."""

    messages: list[MutableMapping[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.json()["errors"]]


def scope_of(
    method: str = "POST", path: str = "/decide", query: str = "", headers: Headers | None = None
) -> Scope:
    pairs = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    return {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": pairs}


def receiving(chunks: Iterable[bytes], *, then_gone: bool = False) -> Receive:
    """A client that sends a body in chunks and then waits, or hangs up in the middle."""
    parts = list(chunks)
    messages = [
        {"type": "http.request", "body": chunk, "more_body": then_gone or place < len(parts) - 1}
        for place, chunk in enumerate(parts)
    ]

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


def request(chunks: Iterable[bytes] = (b"",), *, then_gone: bool = False, **scope: Any) -> Request:
    return Request.by_asgi(scope_of(**scope), receiving(chunks, then_gone=then_gone))


def live_site(published: Ruleset | None = None, number: int = SITE) -> LiveSite:
    return LiveSite(number, f"site-{number}", IDENTITY_SECRET, published, PREVIEW_SECRET)


def keyring(requests_per_s: float | None = None) -> Keyring:
    """A page's key and a viewer's, on a clock that stands still."""
    ring = Keyring(requests_per_s, clock=lambda: 0.0)
    ring._callers = {
        hash_of(PUBLIC): Caller(SITE, "k-1", "public", None, "public"),
        hash_of(SECRET): Caller(SITE, "k-2", "secret", Role.VIEWER, "secret"),
    }
    return ring


PUBLIC_CALLER, SECRET_CALLER = keyring().find(PUBLIC), keyring().find(SECRET)


def proof_of(user: str, secret: str = IDENTITY_SECRET) -> str:
    """What shows a page's word for its user to be its site's."""
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


class Edge:
    """One site on the public edge."""

    def __init__(
        self,
        published: Ruleset | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        requests_per_s: float | None = None,
    ) -> None:
        self.profiles, self.journal, self.live = FakeProfiles(), FakeJournal(), LiveRulesets()
        self.publish(published or ruleset(site={"origins": [SHOP]}))
        self.passed_on: list[str] = []
        self.app = PublicEdge(self._behind, clock)
        self.app.parts = Parts(
            decide_over(self.profiles, self.journal, self.live),
            Observe(self.profiles, self.journal, self.live),
            Preview(self.profiles, FakeCaps()),
            self.live,
            PreviewedRulesets(AwayPool(), OtherRulesets(self.live)),  # type: ignore[arg-type] # away all the same
            keyring(requests_per_s),
        )

    def publish(self, published: Ruleset | None) -> None:
        self.live.replace({SITE: live_site(published)})

    async def _behind(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.passed_on.append(scope["type"])

    async def send(self, scope: Scope, receive: Receive) -> Answer:
        answer = Answer()

        async def send(message: MutableMapping[str, Any]) -> None:
            answer.messages.append(message)

        await self.app(scope, receive, send)
        return answer

    async def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = PUBLIC,
        query: str = "",
        headers: Headers | None = None,
    ) -> Answer:
        """Send JSON, or bytes as they are, with a key in the header."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            said["Authorization"] = f"Bearer {key}"
        return await self.send(scope_of("POST", path, query, said), receiving([sent]))

    async def decide(self, key: str = PUBLIC, headers: Headers | None = None, **body: Any) -> Answer:
        asked = {"visitor": {"id": "v-1"}, "placements": ["home.hero"], **body}
        return await self.post("/decide", asked, key=key, headers=headers)

    async def events(self, *events: Any, key: str = PUBLIC, **body: Any) -> Answer:
        return await self.post("/events", {"visitor": {"id": "v-1"}, "events": events, **body}, key=key)
