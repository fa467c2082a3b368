"""The decision cases, through the engine alone."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from app.api.consent import said
from app.api.context import context_of
from app.api.wire import EventBody
from app.decision.page_load import profile_key
from app.engine.compile import compile_ruleset, parse_document
from app.engine.consent import granted
from app.engine.decision import Decision
from app.engine.evaluate import evaluate
from app.engine.names import snake_case
from app.engine.profile import Profile
from app.engine.records import Event
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.profiles.fold import fold
from tests.builders import assignment, consent_said, delivery, event
from tests.case_files import FILES, Case, check, each_case

EVERYTHING = frozenset({"personalization", "analytics"})


@each_case
def test_the_engine_decides_as_the_case_says(theme: str, case: Case) -> None:
    check(case.expect, answered(case, compiled(theme)))


@cache
def compiled(theme: str) -> Ruleset:
    return ruleset_of(FILES[theme].config)


def ruleset_of(config: dict[str, Any]) -> Ruleset:
    return compile_ruleset(parse_document(config), 1)


def answered(case: Case, rules: Ruleset) -> dict[str, Any]:
    """Decide a case, and answer as the wire does."""
    profile = remembered(case, rules)
    consent = granted(said(case.consent), profile.consent, rules)
    return written(decided(case, rules, profile, consent))


def remembered(case: Case, rules: Ruleset) -> Profile:
    """Fold what happened before the case, in order."""
    profile = Profile()
    for step in case.history:
        profile = fold(profile, [consent_said(step.at, personalization=True, analytics=True)], rules)
        records = records_of(step.events, step.at)
        if step.decide is not None:
            loaded = Case(case.name, step.at, case.expect, visitor=case.who, placements=tuple(step.decide))
            decision = decided(loaded, rules, profile, EVERYTHING)
            taken = [assignment(t.experiment, t.arm, step.at) for t in decision.arms if t.first]
            capped = [delivery(one.rule, step.at) for one in decision.capped]
            profile = fold(profile, [*taken, *capped], rules)
        profile = fold(profile, records, rules)
    return profile


def records_of(events: Sequence[EventBody], at: datetime) -> list[Event]:
    return [
        event(snake_case(e.name), at, **{snake_case(name): value for name, value in e.properties.items()})
        for e in events
    ]


def decided(case: Case, rules: Ruleset, profile: Profile, consent: frozenset[str]) -> Decision:
    """Decide as the service does: without personalization nothing of the visitor is known."""
    known = (
        fold(profile, records_of(case.events, case.now), rules) if "personalization" in consent else Profile()
    )
    counted = "analytics" in consent
    standing = Standing(
        visitor=case.who.id, user=case.who.user_id, may_log=counted, may_enter=counted, consent=consent
    )
    seen = rules.see(known, context_of(case.context, None), standing, case.now)
    return evaluate(rules, seen, case.placements)


def written(decision: Decision) -> dict[str, Any]:
    """Write a decision as the wire does."""
    answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(decision))
    return {**answer, "assignments": answer["arms"]}


def test_there_are_hundreds_of_cases() -> None:
    assert sum(len(file.cases) for file in FILES.values()) >= 450


def test_no_two_cases_of_a_file_share_a_visitor() -> None:
    for file in FILES.values():
        who = [profile_key(case.who.id, case.who.user_id) for case in file.cases]
        assert len(set(who)) == len(who)
