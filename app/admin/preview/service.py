"""Deciding by the draft, for a visitor who is made up; nothing of it is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.draft import load_draft
from app.admin.forcible import forced_stages
from app.admin.preview.schemas import Preview, SaidEvent
from app.admin.preview.visitor import made_up_profile
from app.decision.page_load import unseen
from app.engine.consent import ANALYTICS, PERSONALIZATION, granted
from app.engine.evaluate import evaluate
from app.engine.forced import Forced
from app.engine.names import snake_case
from app.engine.places import Place
from app.engine.problems import Problems
from app.engine.profile import Profile
from app.engine.records import Event
from app.engine.ruleset import Ruleset
from app.engine.trace import tracing
from app.engine.visitor import Standing, Visitor
from app.kit.clock import ms_of
from app.kit.ids import id_at, new_id
from app.kit.slices import in_slices
from app.profiles.fold import fold
from app.rulesets.others import OtherRulesets
from app.web.answer import answer_of, explained
from app.web.keyring import Caller
from app.web.problems import ProblemError, WrongContentError

ContextOf: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Gathers the context of a decision from what a request says of it."""


async def load_ruleset(connection: AsyncConnection, caller: Caller, others: OtherRulesets) -> Ruleset:
    """Compile the draft as it stands; raises ProblemError with all that keeps it from being published."""
    draft = await load_draft(connection, caller.site)

    async def document() -> dict[str, Any]:
        return draft.document

    try:
        return await others.draft(caller.site, draft.etag, document)
    except Problems as error:
        told = "the draft does not compile; `errors` names each place in it"
        raise ProblemError(422, told, errors=error.problems) from error


async def preview(said: Preview, ruleset: Ruleset, context_of: ContextOf, now: datetime) -> dict[str, Any]:
    """Decide, and say why; raises WrongContentError where the visitor cannot be made up so."""
    at = now if said.at is None else said.at
    context = context_of(said.context.model_dump(exclude_none=True))
    visitor = _seen(said, ruleset, context, at)
    decision = evaluate(ruleset, visitor, said.placements)
    answer = answer_of(id_at(at), visitor.standing.visitor, decision) | {"revision": None, "degraded": ()}
    if not said.explain:
        return answer
    return answer | explained(decision, await in_slices(tracing(ruleset, visitor, said.placements)))


def _seen(said: Preview, ruleset: Ruleset, context: Mapping[str, Any], at: datetime) -> Visitor:
    """See the visitor as a decision would: what the request brings is folded in, where there is consent."""
    place = Place("", [])
    profile = made_up_profile(said.profile, ruleset, ms_of(at), place.at("profile"))
    forced = forced_stages(said.stage, said.stages, ruleset, place)
    if place.problems:
        raise WrongContentError(place.problems)
    consent = granted(said.consent.model_dump(exclude_none=True), {}, ruleset)
    may_log = ANALYTICS in consent and not context.get("bot")
    standing = Standing(
        visitor=said.visitor.id or new_id(),
        user=said.visitor.user_id,
        may_log=may_log,
        may_enter=may_log,
        consent=consent,
    )
    if PERSONALIZATION in consent:
        events = [_event(event, at) for event in said.events]
        profile = fold(profile, unseen(events, frozenset()), ruleset)
    else:
        profile = Profile()
    return ruleset.see(profile, context, standing, at, Forced(stages=forced))


def _event(said: SaidEvent, now: datetime) -> Event:
    return Event(
        site=0,
        visitor="",
        id=said.id or new_id(),
        name=snake_case(said.name),
        properties={snake_case(name): value for name, value in said.properties.items()},
        at_ms=ms_of(now if said.at is None else min(said.at, now)),
        received_ms=ms_of(now),
        trusted=True,
    )
