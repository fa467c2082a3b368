from pathlib import Path

import pytest

from loadtests.speed.budgets import Bound
from loadtests.speed.cases import OWN, PLAIN, Case
from loadtests.speed.tables import PAGE, Run, bounds_table, gate_table, http_table, replace_between

BEST = {Case("bare", PLAIN, 32): 20.0, Case("hot", OWN, 32): 40.0, Case("hot", PLAIN, 32): 16.0}


def test_the_gate_s_table_has_a_row_for_what_is_asked_and_a_column_for_how_it_is_served() -> None:
    assert [*gate_table(BEST)] == [
        "| CPU µs (bare ÷ ours) | plain ASGI, 32 at once | own protocol, 32 at once |",
        "|---|---|---|",
        "| bare | 20.0 (1.00) |  |",
        "| hot | 16.0 (1.25) | 40.0 (0.50) |",
    ]


def test_rounds_over_http_are_told_by_the_best_and_the_median() -> None:
    bare, ours = Case("bare", PLAIN, 32), Case("hot", OWN, 32)
    runs = {bare: [Run(20, 1_000), Run(30, 500)], ours: [Run(60, 200), Run(50, 250), Run(40, 100)]}
    lines = [*http_table(runs)]
    assert lines[2] == "| bare, plain ASGI, 32 at once | 20.0 (25.0) | 1.00 | 1,000 (750) | 1.00 |"
    assert lines[3] == "| hot, own protocol, 32 at once | 40.0 (50.0) | 0.50 | 250 (200) | 0.25 |"


def test_a_broken_bound_is_named_so() -> None:
    bounds = [Bound("fast", 0.9, 1.0, at_least=True), Bound("small", 0.9, 1.0, at_least=False)]
    assert [*bounds_table(bounds)][1:] == [
        "| fast | 0.90 | ≥ 1 | **broken** |",
        "| small | 0.90 | ≤ 1 | holds |",
    ]


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- b -->\n<!-- /b -->\nbelow\n")
    replace_between(page, "a", "new")
    replace_between(page, "a", "newer")
    replace_between(page, "b", "other")
    assert page.read_text() == (
        "above\n<!-- a -->\n\nnewer\n\n<!-- /a -->\nbetween\n<!-- b -->\n\nother\n\n<!-- /b -->\nbelow\n"
    )


@pytest.mark.parametrize(
    "text",
    ["", "<!-- a -->\n", "<!-- /a -->\n<!-- a -->\n", "<!-- a -->\n<!-- /a --><!-- a -->\n<!-- /a -->"],
)
def test_a_page_without_its_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match="markers"):
        replace_between(page, "a", "new")
    assert page.read_text() == text


@pytest.mark.parametrize("name", ["bench-gate", "bench-http", "bench-latency", "bench-workers"])
def test_the_page_about_performance_has_a_place_for_each_table(tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    replace_between(page, name, "a table")
    assert "\na table\n" in page.read_text()
