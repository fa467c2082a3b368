import re
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reporting.facts import Facts
from app.reporting.moments import Layout
from app.reporting.sums import ANY_DAY, DEVICES, Cell, Sums, places_of, rows_of, said

FACTS = Facts(
    unit="v",
    visitor="v",
    phase=1,
    arm="control",
    first_at=datetime(2026, 1, 9, 23, 30, tzinfo=UTC),
    crossed=False,
    exposed=True,
    stage="awareness",
    segments=["new", "bikes", "new"],
    device="mobile",
    country=None,
    worth=[2.5],
)


def unit(**fields: Any) -> Facts:
    return msgspec.structs.replace(FACTS, **fields)


def cells_of(facts: Facts) -> list[Cell]:
    return [Cell(*place) for place in places_of(facts)]


def test_a_unit_counts_once_in_each_of_its_cells() -> None:
    day = date(2026, 1, 9)
    named = {(cell.cut, cell.value) for cell in cells_of(FACTS)}
    assert named == {
        ("", ""),
        ("stage", "awareness"),
        ("device", "mobile"),
        ("country", ""),
        ("segment", "new"),
        ("segment", "bikes"),
    }
    assert len(cells_of(FACTS)) == len(named)
    assert {(*cell[3:], cell.cut == "") for cell in cells_of(FACTS)} == {
        ("control", day, True, True),
        ("control", ANY_DAY, True, False),
    }


@pytest.mark.parametrize("garbage", ["x" * 33, "\x00", "Phone-7", "ÄÖ", "G1", "GBR", "¹²", "DE "])
def test_what_visitors_make_up_is_no_cell_of_its_own(garbage: str) -> None:
    cells = cells_of(unit(device=garbage, country=garbage))
    assert {cell.value for cell in cells if cell.cut in {"device", "country"}} == {"other"}


def test_devices_and_countries_are_the_same_in_small_and_capital_letters() -> None:
    assert (said("device", "Mobile"), said("country", "gb")) == ("mobile", "GB")


@given(st.text(), st.text())
def test_there_are_only_so_many_cells_whatever_visitors_say(device: str, country: str) -> None:
    assert said("device", device) in {"", "other", *DEVICES}
    assert said("country", country) in {"", "other"} or re.fullmatch("[A-Z]{2}", said("country", country))


def test_what_is_taken_out_again_leaves_no_row() -> None:
    sums = Sums(Layout([1]))
    sums.add(FACTS)
    sums.add(unit(unit="w", crossed=True), 1)
    assert sums.by_cell[Cell(1, "", "", "control", date(2026, 1, 9), True)].units == 2
    sums.add(FACTS, -1)
    sums.add(unit(unit="w", crossed=True), -1)
    assert list(rows_of(sums)) == []
