"""Experiments and units for tests of what is made of them, without a database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from app.kit.steps import finished
from app.reporting.compare import Compared, Pair, comparing_all
from app.reporting.counting import Counted, counting
from app.reporting.definition import Definition, define
from app.reporting.facts import UnitRow, Valuer
from app.reporting.question import CutBy, Question
from app.reporting.rollup import layout_of
from app.reporting.sums import Sums
from app.reporting.tally import Tally
from tests.builders import DAY, NOW, experiment, parsed

LONG_AGO = NOW - 60 * DAY


def definition(*metrics: dict[str, Any], **fields: Any) -> Definition:
    """A running experiment of two equal arms, judged by the metrics given, the first of them primary."""
    uses = {
        "primary_metric": metrics[0]["key"] if metrics else None,
        "metrics": [{"metric": metric["key"]} for metric in metrics[1:]],
    }
    found = define(parsed(metrics=list(metrics), experiments=[experiment(**{**uses, **fields})]), "hero-copy")
    assert found is not None
    return found


def orders(key: str = "orders", **fields: Any) -> dict[str, Any]:
    """A metric: did the unit order within 14 days?"""
    return {"key": key, "event": "order_completed", **fields}


def revenue(key: str = "revenue", **fields: Any) -> dict[str, Any]:
    """A metric: how much did the unit order for within 14 days?"""
    return orders(key, kind="mean", property="value", **fields)


def fixed(**fields: Any) -> dict[str, Any]:
    """An analysis at a fixed size."""
    return {"method": "fixed", **fields}


def order(value: float = 10, after_s: float = 60) -> list[Any]:
    """An order, as rows bring it."""
    return ["order_completed", after_s, False, {"value": value}]


def row(
    unit: str, arm: str = "control", *events: list[Any], at: datetime = LONG_AGO, **fields: Any
) -> UnitRow:
    """A unit that was given an arm, and what it did; `cuts` are its segments."""
    text = msgspec.json.encode(list(events)).decode() if events else None
    usual: dict[str, Any] = {
        "visitor": unit,
        "phase": 1,
        "crossed": False,
        "exposed": False,
        "stage": None,
        "device": None,
    }
    usual |= {"country": None, "segments": fields.pop("cuts", [])}
    return UnitRow(unit=unit, arm=arm, first_at=at, events=text, **(usual | fields))


def sums(found: Definition, rows: Iterable[UnitRow]) -> Sums:
    """Sum some units up."""
    valuer, result = Valuer(found), Sums(layout_of(found))
    for facts in [*valuer.take(rows), *valuer.rest()]:
        result.add(facts)
    return result


def counted(
    found: Definition, rows: Iterable[UnitRow], now: datetime = NOW, by: CutBy | None = CutBy.SEGMENT
) -> Counted:
    """Count some units, cut by their segments."""
    question = Question(site_id=1, experiment=found.key, by=by)
    return finished(counting(found, question, sums(found, rows).by_cell.items(), now))


def compare_all(found: Definition, tally: Tally) -> dict[Pair, Compared]:
    """Compare every arm with the first one."""
    return finished(comparing_all(found, tally))


def units(arm: str, number: int, ordering: int = 0, **fields: Any) -> list[UnitRow]:
    """So many units of an arm, the first of which order."""
    events = [[order()] if i < ordering else [] for i in range(number)]
    return [row(f"{arm}-{i}", arm, *done, **fields) for i, done in enumerate(events)]
