"""`POST /decide`: the body becomes a page load, the decision becomes the answer."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.api.consent import said
from app.api.context import context_of
from app.api.decoding import decode_body, wrong_content
from app.api.events import records_of, refuse_foreign_profile
from app.api.identity import proven_user, site_of
from app.api.parts import Parts
from app.api.request import Request
from app.api.wire import DECIDE_BYTES, DecideBody, decide_decoder
from app.decision.explain import traces_of
from app.decision.page_load import PageLoad
from app.rulesets.live import LiveSite
from app.web.answer import answer_of, explained
from app.web.keyring import Caller
from app.web.problems import ForbiddenError

# As of any instant whose neighbourhood every calendar, id and column can still express.
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

# Where browsers say why they ask, the older ones last, and how that begins where nobody may ever look.
_PURPOSES = (b"sec-purpose", b"purpose", b"x-moz")
_AHEAD = (b"prefetch", b"prerender")

_encoder = msgspec.json.Encoder()


async def answer_decide(request: Request, parts: Parts, caller: Caller, now: datetime) -> bytes:
    """Decide for one page load; the decision's records are durable before the answer is written."""
    body = decode_body(decide_decoder, await request.json_body(DECIDE_BYTES))
    # Taken only now, and nothing is waited for until the decision has its ruleset: both are of one revision.
    site = site_of(caller, parts.rulesets)
    refuse_foreign_profile(body.visitor)
    instant = _instant(body, caller, now)
    page = _page_load(body, request, parts, caller, site, instant)
    decided = await parts.decide.decide(page, instant)
    answer = answer_of(decided.decision_id, body.visitor.id, decided.decision)
    if caller.kind == "public":
        _keep_back(answer["visitor"], site)
    elif body.explain:
        answer |= explained(decided.decision, await traces_of(decided.basis, site.ruleset))
    unproven = body.visitor.user_id is not None and page.user is None
    answer["degraded"] = [*decided.degraded, "identity"] if unproven else decided.degraded
    return _encoder.encode(answer)


def _instant(body: DecideBody, caller: Caller, now: datetime) -> datetime:
    if body.at is None:
        return now
    if caller.kind != "secret":
        raise ForbiddenError("deciding as of another instant needs a secret key")
    if not EARLIEST <= body.at < LATEST:
        raise wrong_content("/at", f"must lie between {EARLIEST:%Y} and {LATEST:%Y}")
    return body.at


def _page_load(
    body: DecideBody, request: Request, parts: Parts, caller: Caller, site: LiveSite, now: datetime
) -> PageLoad:
    asks = request if caller.kind == "public" else None
    context = context_of(body.context, asks, parts.whereabouts)
    page = PageLoad(
        site=site.id,
        visitor=body.visitor.id,
        user=proven_user(body.visitor, caller, site),
        placements=body.placements,
        context=context,
        consent=said(body.consent),
        countable=not (context.get("bot") or _is_fetched_ahead(request)),
    )
    if not body.events:
        return page
    events = records_of(body.events, site.id, page.profile_key, now, trusted=caller.kind == "secret")
    return msgspec.structs.replace(page, events=events)


def _is_fetched_ahead(request: Request) -> bool:
    """Whether a browser asks for a page that nobody may ever look at; a server may pass its header on."""
    headers = request.headers
    return any(headers[name].lower().startswith(_AHEAD) for name in _PURPOSES if name in headers)


def _keep_back(visitor: dict[str, Any], site: LiveSite) -> None:
    """Leave out what the site does not let its pages see of a visitor."""
    if site.ruleset is not None:
        if "stage" not in site.ruleset.site.expose:
            visitor |= {"stage": None, "stages": {}}
        if "segments" not in site.ruleset.site.expose:
            visitor |= {"segments": ()}
