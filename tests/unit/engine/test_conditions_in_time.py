"""The instant of the decision, on its way through a condition."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.engine.judging import holds


@pytest.mark.parametrize(
    "condition",
    [
        {"a": {"$after": "-7d"}},
        {"$and": [{"a": {"$after": "-7d"}}]},
        {"$and": [{}, {"a": {"$after": "-7d"}}]},
        {"$or": [{"a": {"$after": "-7d"}}]},
        {"$nor": [{"$not": {"a": {"$after": "-7d"}}}]},
        {"a": {"$not": {"$not": {"$after": "-7d"}}}},
        {"list": {"$elemMatch": {"$after": "-7d"}}},
        {"list": {"$elemMatch": {"$elemMatch": {"$after": "-7d"}}}},
        {"orders": {"$elemMatch": {"at": {"$after": "-7d"}}}},
        {"orders": {"$elemMatch": {"$or": [{"at": {"$after": "-7d"}}]}}},
        {"list": {"$size": {"$before": "-7d"}}},
    ],
)
def test_the_instant_of_the_decision_is_known_wherever_an_operator_stands(condition: Any) -> None:
    recent = "2026-06-30T00:00:00Z"
    visitor = {"a": recent, "list": [recent, [recent]], "orders": [{"at": recent}]}

    assert holds(condition, visitor, datetime(2026, 7, 1, tzinfo=UTC))
    assert not holds(condition, visitor)
