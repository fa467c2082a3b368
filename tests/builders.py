"""Small documents, records and visitors: a test names what matters to it, the rest is plain."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.engine.compile import compile_ruleset, parse_document
from app.engine.decision import Choice, Decision
from app.engine.evaluate import evaluate
from app.engine.index import Search
from app.engine.model import Document
from app.engine.profile import Profile
from app.engine.records import (
    Assignment,
    CapDelivery,
    ConsentSaid,
    Event,
    Merge,
    Record,
    TraitsSet,
)
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing, Visitor
from app.kit.clock import ms_of
from app.kit.ids import id_at
from app.profiles.fold import fold

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""A Tuesday noon, when London keeps UTC."""

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


def instant(text: str) -> datetime:
    """Read an instant as the wire writes it."""
    return datetime.fromisoformat(text)


def variant(key: str, **fields: Any) -> dict[str, Any]:
    """A variant whose content says its key."""
    return {"key": key, "content": {"title": key}, **fields}


def placement(key: str = "home.hero", *variants: str, **fields: Any) -> dict[str, Any]:
    """A placement with the variants `default` and `offer`, or those named."""
    shown = [variant(name) for name in variants or ("default", "offer")]
    return {"key": key, "default": shown[0]["key"], "variants": shown, **fields}


def segment(key: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    """A segment."""
    return {"key": key, "condition": dict(condition)}


def journey(*stages: Mapping[str, Any] | str, key: str = "purchase", **fields: Any) -> dict[str, Any]:
    """A journey of the stages given; a name alone is a stage that only its place lets hold."""
    listed = [{"key": stage} if isinstance(stage, str) else dict(stage) for stage in stages]
    return {"key": key, "stages": listed, **fields}


def rule(key: str, **fields: Any) -> dict[str, Any]:
    """A rule that shows the variant `offer` at `home.hero` to everybody."""
    return {"key": key, "placements": ["home.hero"], "deliver": {"variant": "offer"}, **fields}


def delivering(experiment: str, **fields: Any) -> dict[str, Any]:
    """A rule that delivers an experiment at `home.hero` to everybody."""
    return {**rule(f"{experiment}-rule"), "deliver": {"experiment": experiment}, **fields}


def arm(key: str, shows: str | None = "offer", **fields: Any) -> dict[str, Any]:
    """An arm that shows a variant at `home.hero`."""
    return {"key": key, "variants": {"home.hero": shows}, **fields}


def experiment(key: str = "hero-copy", **fields: Any) -> dict[str, Any]:
    """A running experiment: half see `default`, half see `offer`."""
    arms = [arm("control", "default"), arm("treatment")]
    return {"key": key, "status": "running", "arms": arms, **fields}


def document(**fields: Any) -> dict[str, Any]:
    """A document as `PUT /api/v1/config` takes it, with the placement `home.hero`."""
    return {"placements": [placement()], **fields}


def parsed(**fields: Any) -> Document:
    """A document with its defaults."""
    return parse_document(document(**fields))


def ruleset(**fields: Any) -> Ruleset:
    """A compiled document."""
    return compile_ruleset(parsed(**fields), 1)


def event(name: str, at: datetime = NOW, **properties: Any) -> Event:
    """Something a visitor did."""
    at_ms = ms_of(at)
    return Event(1, "v-1", f"{name}-{at_ms}", name, properties, at_ms, at_ms)


def assignment(experiment: str, arm: str, at: datetime = NOW, **fields: Any) -> Assignment:
    """An arm that a visitor was given for the first time."""
    return Assignment(experiment=experiment, arm=arm, at_ms=ms_of(at), **{**_TAKEN, **fields})


def consent_said(at: datetime = NOW, visitor: str = "v-1", **said: bool) -> ConsentSaid:
    """What a visitor said of purposes."""
    return ConsentSaid(1, visitor, id_at(at), said, ms_of(at))


def delivery(rule: str, at: datetime = NOW, visitor: str = "v-1") -> CapDelivery:
    """A capped rule that delivered."""
    return CapDelivery(1, visitor, id_at(at), rule, id_at(at), ms_of(at))


def traits_set(at: datetime = NOW, visitor: str = "v-1", **traits: Any) -> TraitsSet:
    """Traits that were set."""
    return TraitsSet(1, visitor, id_at(at), traits, ms_of(at))


def merge(visitor: str = "v-1", into: str = "$user:u-1", at: datetime = NOW) -> Merge:
    """A user was seen on a device."""
    return Merge(1, visitor, id_at(at), into, ms_of(at))


_TAKEN: Mapping[str, Any] = {
    "site": 1,
    "visitor": "v-1",
    "decision_id": "d-1",
    "unit": "v-1",
    "phase": 1,
    "revision": 1,
    "first": True,
    "stage": None,
    "stages": {},
    "segments": (),
    "device": None,
    "country": None,
}


def profile(rules: Ruleset | None, *records: Record) -> Profile:
    """What is remembered of a visitor after some records."""
    return fold(Profile(), records, rules)


def visitor(
    rules: Ruleset,
    remembered: Profile | None = None,
    context: Mapping[str, Any] | None = None,
    at: datetime = NOW,
    **standing: Any,
) -> Visitor:
    """A visitor as a decision sees it; a stranger, unless something is remembered."""
    who = Standing(**{"visitor": "v-1", **standing})
    return rules.see(remembered or Profile(), context or {}, who, at)


def addressed(rules: Ruleset, seen: Visitor, at: str = "home.hero") -> list[str]:
    """The rules that address a visitor at a placement, in order."""
    return [rules.rules[number].key for number in found_at(Search(rules.index, seen, held_out=False), at)]


def found_at(search: Search, placement: str) -> list[int]:
    """Number all rules that address a visitor at a placement, in order."""
    numbers: list[int] = []
    while (number := search.first_at(placement, numbers[-1] if numbers else -1)) is not None:
        numbers.append(number)
    return numbers


def decide(
    rules: Ruleset,
    remembered: Profile | None = None,
    context: Mapping[str, Any] | None = None,
    placements: Iterable[str] = ("home.hero",),
    at: datetime = NOW,
    **standing: Any,
) -> Decision:
    """A decision for a visitor."""
    return evaluate(rules, visitor(rules, remembered, context, at, **standing), placements)


def shown(rules: Ruleset, remembered: Profile | None = None, **asked: Any) -> Choice:
    """What `home.hero` shows."""
    return decide(rules, remembered, **asked).placements["home.hero"]
