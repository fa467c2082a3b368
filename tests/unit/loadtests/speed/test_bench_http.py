import os

import pytest

from loadtests.speed.bench_http import AT_ONCE, cases, keep_to_one_core, share_bounds_of
from loadtests.speed.budgets import SHARES
from loadtests.speed.cases import OWN, PLAIN, Case
from loadtests.speed.tables import Run


def runs_of(cost: float) -> dict[Case, list[Run]]:
    """Measure everything alike, but decisions at a multiple of the bare app's cost."""
    runs = {case: [Run(9 * cost, 100 / cost), Run(10 * cost, 200 / cost)] for case in cases()}
    return runs | {Case("bare", PLAIN, at_once): [Run(9, 100), Run(10, 200)] for at_once in AT_ONCE}


def test_cpu_and_throughput_are_held_against_the_same_bounds() -> None:
    bounds = [*share_bounds_of(runs_of(1.0))]
    assert len(bounds) == 2 * len(AT_ONCE) * len(SHARES)
    assert all(bound.holds for bound in bounds)


@pytest.mark.parametrize(("cost", "broken"), [(1.1, 1), (1.5, 2), (2.0, 3), (2.5, 4)])
def test_what_costs_too_much_is_broken_in_both(cost: float, broken: int) -> None:
    bounds = [bound for bound in share_bounds_of(runs_of(cost)) if not bound.holds]
    assert len(bounds) == 2 * len(AT_ONCE) * broken
    assert {bound.what.partition(",")[0] for bound in bounds} == {"CPU", "time at full load"}


def test_the_best_round_counts() -> None:
    runs = runs_of(1.0)
    slow = Run(1_000, 1)
    best = [*share_bounds_of(runs)]
    assert [*share_bounds_of({case: [slow, *done, slow] for case, done in runs.items()})] == best


def test_both_protocols_are_measured_on_every_number_of_connections() -> None:
    assert {(case.served, case.at_once) for case in cases() if case.asked == "hot"} == {
        (served, at_once) for served in (OWN, PLAIN) for at_once in AT_ONCE
    }


def test_one_core_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with pytest.raises(SystemExit, match="two cores are needed"):
        keep_to_one_core()
