"""`POST /decide`: the body becomes a page load, the decision becomes the answer."""

from datetime import datetime

import msgspec

from app.api.decoding import decode_body
from app.api.events import refuse_foreign_profile
from app.api.identity import site_of
from app.api.page import instant_asked, keep_back, page_load, with_events
from app.api.parts import Parts
from app.api.preview import Previewing
from app.api.request import Request
from app.api.wire import DECIDE_BYTES, decide_decoder
from app.decision.explain import traces_of
from app.web.answer import answer_of, explained
from app.web.keyring import Caller

_encoder = msgspec.json.Encoder()


async def answer_decide(request: Request, parts: Parts, caller: Caller, now: datetime) -> bytes:
    """Decide for one page load; the decision's records are durable before the answer is written."""
    body = decode_body(decide_decoder, await request.json_body(DECIDE_BYTES))
    # Taken only now, and nothing is waited for until the decision has its ruleset: both are of one revision.
    site = site_of(caller, parts.rulesets)
    refuse_foreign_profile(body.visitor)
    if body.preview is not None:
        return _encoder.encode(await Previewing(request, parts, caller, site).answer(body, body.preview, now))
    instant = instant_asked(body, caller, now)
    page = page_load(body, request, parts, caller, site, now)
    if body.events:
        page = with_events(page, body, caller, instant)
    decided = await parts.decide.decide(page, instant)
    answer = answer_of(decided.decision_id, body.visitor.id, decided.decision)
    if caller.kind == "public":
        keep_back(answer["visitor"], site.ruleset)
    elif body.explain:
        answer |= explained(decided.decision, await traces_of(decided.basis, site.ruleset))
    unproven = body.visitor.user_id is not None and page.user is None
    answer["degraded"] = [*decided.degraded, "identity"] if unproven else decided.degraded
    return _encoder.encode(answer)
