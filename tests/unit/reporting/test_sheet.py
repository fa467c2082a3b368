import csv
import io
import math
from typing import Any

import pytest

from app.kit.steps import finished
from app.reporting.definition import Definition
from app.reporting.facts import UnitRow
from app.reporting.question import CutBy, Question
from app.reporting.report import ArmFigures
from app.reporting.results import assembling
from app.reporting.sheet import COLUMNS, sheet_of
from tests.builders import NOW
from tests.unit.reporting.counted import counted, definition, fixed, order, orders, revenue, row, units


def sheet(found: Definition, rows: list[UnitRow], by: CutBy | None = None) -> list[dict[str, Any]]:
    question = Question(site_id=1, experiment=found.key, by=by)
    text = sheet_of(finished(assembling(found, counted(found, rows), question, NOW)))
    return list(csv.DictReader(io.StringIO(text)))


def test_there_is_a_line_for_each_metric_and_arm_under_a_line_of_names() -> None:
    lines = sheet(definition(orders(), revenue()), [row("a", "control", order(5))])
    assert [(line["metric"], line["arm"], line["units"], line["sum"]) for line in lines] == [
        ("orders", "control", "1", "1.0"),
        ("orders", "treatment", "0", "0.0"),
        ("revenue", "control", "1", "5.0"),
        ("revenue", "treatment", "0", "0.0"),
    ]
    assert list(lines[0]) == list(COLUMNS)


def test_the_baseline_has_no_comparison_and_other_arms_have_one() -> None:
    rows = [*units("control", 100, 10), *units("treatment", 100, 40)]
    control, treatment = sheet(definition(orders(), analysis=fixed(planned_units=200)), rows)
    assert (control["baseline"], control["p_value"], control["significant"]) == ("", "", "")
    assert (treatment["baseline"], treatment["significant"]) == ("control", "true")
    assert float(treatment["interval_low"]) < float(treatment["difference"])
    assert float(treatment["difference"]) < float(treatment["interval_high"])


def test_what_has_no_figure_is_empty() -> None:
    _, treatment = sheet(definition(revenue()), [row("a", "control", order(5))])
    assert (treatment["mean"], treatment["difference"], treatment["interval_low"]) == ("", "", "")
    assert treatment["significant"] == "false"


def test_cuts_follow_with_what_they_are_cut_by() -> None:
    lines = sheet(definition(orders()), [row("a", cuts=["mobile"])], CutBy.DEVICE)
    assert [(line["by"], line["value"], line["arm"]) for line in lines] == [
        ("", "", "control"),
        ("", "", "treatment"),
        ("device", "mobile", "control"),
        ("device", "mobile", "treatment"),
    ]


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_visitor_says_is_never_a_formula(value: str) -> None:
    lines = sheet(definition(orders()), [row("a", cuts=[value])], CutBy.DEVICE)
    assert lines[2]["value"] == "'" + value


def test_a_value_with_commas_quotes_and_line_ends_is_one_cell() -> None:
    value = 'a,"b"\r\nc'
    assert sheet(definition(orders()), [row("a", cuts=[value])], CutBy.DEVICE)[2]["value"] == value


def test_a_negative_number_stays_a_number() -> None:
    rows = [row("a", "control", order(5)), row("b", "treatment", order(2))]
    assert sheet(definition(revenue()), rows)[1]["difference"] == "-3.0"


def test_a_sum_beyond_all_numbers_is_empty() -> None:
    found = definition(revenue())
    question = Question(site_id=1, experiment=found.key)
    results = finished(assembling(found, counted(found, []), question, NOW))
    results.metrics[0].arms[0] = ArmFigures("control", 2, 1e200, math.inf, 5e199)
    (control, _) = csv.DictReader(io.StringIO(sheet_of(results)))
    assert (control["sum"], control["sum_of_squares"]) == ("1e+200", "")


def test_a_metric_that_is_not_measured_has_no_lines() -> None:
    assert sheet(definition(orders(kind="ratio")), [row("a")]) == []
