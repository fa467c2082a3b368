"""Visitors who are made up are like somebody, or nobody."""

from typing import Any

import pytest

from app.admin.lint.example import Example
from tests.builders import NOW, ruleset

COUNT, LAST = "events.seen.count", "2026-03-07T11:00:00.000Z"


@pytest.mark.parametrize(
    ("said", "age_days"),
    [
        ({"age_days": 3.0, "events": {"seen": {"last_at": LAST}}}, 3),
        ({"age_days": 3.0, "events": {}}, 3),
        ({"age_days": 5.0, "events": {"seen": {"last_at": LAST}}}, 5),
        ({"events": {"seen": {"last_at": LAST}}}, 3),
    ],
)
def test_somebody_is_known_since_the_first_event_at_least(said: dict[str, Any], age_days: int) -> None:
    visitor = Example(at=NOW, **said).seen(ruleset())

    assert visitor is not None
    assert visitor["profile"] == {"is_new": False, "age_days": age_days}


@pytest.mark.parametrize(
    "said",
    [
        {"age_days": 2.0, "events": {"seen": {"last_at": LAST}}},
        {"age_days": 0, "events": {"seen": {"last_at": LAST}}},
        {"events": {"seen": {"count": 1, "count_7d": 2}}},
    ],
)
def test_nobody_did_something_before_they_were_known(said: dict[str, Any]) -> None:
    assert Example(at=NOW, **said).seen(ruleset()) is None


@pytest.mark.parametrize(
    ("context", "url"),
    [
        ({"url": {"path": "/a b?"}}, "https://site.example/a%20b%3F"),
        ({"url": {"path": "/ä/%20"}}, "https://site.example/ä/%20"),
        ({"url": {"path": "shoes"}}, "shoes"),
        ({"url": {"path": "/a", "host": "b.example", "query": {"c": "d e"}}}, "https://b.example/a?c=d+e"),
        ({"utm": {"source": "mail"}}, "https://site.example/?utm_source=mail"),
    ],
)
def test_an_address_is_told_as_it_is_read(context: dict[str, Any], url: str) -> None:
    assert Example(at=NOW, context=context).told()["context"]["url"] == url


def test_a_referrer_is_told_by_its_host() -> None:
    told = Example(at=NOW, context={"referrer": {"host": "news.example"}}).told()

    assert told["context"] == {"referrer": "https://news.example/"}
