from collections.abc import Callable

import pytest

from loadtests.speed.budgets import GROWTHS, SHARES, Bound, gate_bounds, share
from loadtests.speed.cases import OWN, PLAIN, Case

Best = dict[Case, float]


@pytest.fixture
def best() -> Best:
    """Everything exactly at its limit."""
    asked = [name for names in GROWTHS for name in names]
    found = {Case(name, served, 32): 20.0 for name in asked for served in (OWN, PLAIN)}
    for (more, less), limit in GROWTHS.items():
        for served in (OWN, PLAIN):
            found[Case(more, served, 32)] = limit * found[Case(less, served, 32)]
    for at_once in (32, 64):
        found[Case("bare", PLAIN, at_once)] = 14.0
        found |= {Case(name, served, at_once): 14 / limit for (name, served), limit in SHARES.items()}
    return found


def test_whatever_is_at_its_limit_holds(best: Best) -> None:
    bounds = [*gate_bounds(best)]
    assert all(bound.holds for bound in bounds), bounds
    assert len(bounds) == 2 * len(SHARES) + 1 + 2 * len(GROWTHS)


@pytest.mark.parametrize("at_once", [32, 64])
@pytest.mark.parametrize(("name", "served"), SHARES)
def test_a_decision_may_not_cost_more_than_its_share(
    best: Best, name: str, served: str, at_once: int
) -> None:
    best[Case(name, served, at_once)] *= 1.01
    broken = [bound.what for bound in gate_bounds(best) if not bound.holds]
    assert broken == [f"bare ÷ ours, {name}, {served}, {at_once} at once"]


@pytest.mark.parametrize("served", [OWN, PLAIN])
@pytest.mark.parametrize(("more", "less"), GROWTHS)
def test_more_may_not_cost_more_than_so_many_times_less(
    best: Best, more: str, less: str, served: str
) -> None:
    best[Case(more, served, 32)] *= 1.01
    broken = [bound.what for bound in gate_bounds(best) if not bound.holds]
    assert broken == [f"{more} ÷ {less}, {served}"]


def test_an_event_may_not_cost_more_than_its_share(best: Best) -> None:
    best[Case("bare", PLAIN, 32)] *= 0.99
    broken = [bound.what for bound in gate_bounds(best) if not bound.holds]
    assert "bare ÷ ours, /events, 1 event, own protocol, 32 at once" in broken


def test_what_was_not_measured_cannot_hold(best: Best) -> None:
    del best[Case("hot", OWN, 64)]
    with pytest.raises(KeyError):
        [*gate_bounds(best)]


def test_a_share_is_of_the_bare_app_on_as_many_connections(best: Best) -> None:
    best |= {Case("bare", PLAIN, 64): 30.0, Case("hot", OWN, 64): 40.0}
    assert share(best, Case("hot", OWN, 64)) == 0.75


@pytest.mark.parametrize(
    ("judge", "holds"),
    [
        (lambda: Bound("b", 1.0, 1.0, at_least=True), True),
        (lambda: Bound("b", 0.9, 1.0, at_least=True), False),
        (lambda: Bound("b", 1.0, 1.0, at_least=False), True),
        (lambda: Bound("b", 1.1, 1.0, at_least=False), False),
        (lambda: Bound("b", float("nan"), 1.0, at_least=False), False),
    ],
)
def test_a_bound_is_kept_from_its_side(judge: Callable[[], Bound], *, holds: bool) -> None:
    assert judge().holds is holds
