"""The records that page loads leave behind: what the real decisions on the demo site journal, in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.decision.page_load import PageLoad
from app.engine.compile import compile_ruleset, parse_document
from app.engine.records import Event, Record
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.kit.ids import id_at
from loadtests.demo_site import demo_site
from loadtests.headlines import OWN_GROUPS
from tests.fakes import FakeJournal, FakeProfiles, FakeRulesets, decide_over

SITE = 1
PLACEMENTS = ("home.hero", "list.top", "site.banner")
# A visit: some look around, some put something into the cart.
EVENTS = ("page_viewed", "product_viewed", "product_viewed", "product_added", "page_viewed")
_BETWEEN = timedelta(milliseconds=1)


def demo_ruleset() -> Ruleset:
    """Compile the demo site."""
    return compile_ruleset(parse_document(demo_site(OWN_GROUPS)), 1)


async def page_records(ruleset: Ruleset, loads: int, visitors: int, start: datetime) -> list[Record]:
    """Decide on page loads of visitors who take turns, a millisecond apart; answers what was journalled."""
    journal, rulesets = FakeJournal(), FakeRulesets({SITE: ruleset})
    decide = decide_over(FakeProfiles(), journal, rulesets)
    for number in range(loads):
        now = start + number * _BETWEEN
        await decide.decide(page(f"v-{number % visitors}", number // visitors, now), now)
    return journal.records


def events_of(records: Sequence[Record]) -> list[Record]:
    """Leave out all but the events."""
    return [record for record in records if isinstance(record, Event)]


def page(visitor: str, visit: int, now: datetime) -> PageLoad:
    """Load a page, with what the visitor did on it."""
    at_ms, name = ms_of(now), EVENTS[visit % len(EVENTS)]
    properties = {"category": "bikes", "price": 499.9, "sku": f"B-{visit}"}
    return PageLoad(
        site=SITE,
        visitor=visitor,
        placements=PLACEMENTS,
        context={
            "url": {"path": "/bikes/city", "query": {"page": "2"}},
            "referrer": {"host": "news.example"},
            "device": "mobile",
            "country": "DE",
            "locale": "de-DE",
        },
        events=[Event(SITE, visitor, id_at(now), name, properties, at_ms, at_ms)],
    )
