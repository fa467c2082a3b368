"""What every set of rulesets promises: the one that tests fill and the one in force."""

from typing import Protocol

import pytest

from app.decision.ports import Rulesets
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets, LiveSite
from tests.builders import ruleset
from tests.fakes import FakeRulesets


class InForce(Protocol):
    """Rulesets and a way to publish another one."""

    @property
    def rulesets(self) -> Rulesets: ...

    def publish(self, site: int, published: Ruleset) -> None: ...


class FakeInForce:
    def __init__(self) -> None:
        self.rulesets = FakeRulesets()

    def publish(self, site: int, published: Ruleset) -> None:
        self.rulesets.publish(site, published)


class LiveInForce:
    def __init__(self) -> None:
        self.rulesets = LiveRulesets()

    def publish(self, site: int, published: Ruleset) -> None:
        sites = {**self.rulesets.all(), site: LiveSite(site, f"site-{site}", "secret", published)}
        self.rulesets.replace(sites)


@pytest.fixture(params=[FakeInForce, LiveInForce])
def in_force(request: pytest.FixtureRequest) -> InForce:
    made: InForce = request.param()
    return made


def test_a_site_without_a_revision_has_no_ruleset(in_force: InForce) -> None:
    assert in_force.rulesets.ruleset_of(1) is None


def test_a_site_has_the_ruleset_that_was_published_last(in_force: InForce) -> None:
    first, second = ruleset(), ruleset()
    in_force.publish(1, first)
    in_force.publish(1, second)

    assert in_force.rulesets.ruleset_of(1) is second


def test_no_site_has_the_ruleset_of_another(in_force: InForce) -> None:
    in_force.publish(1, ruleset())

    assert in_force.rulesets.ruleset_of(2) is None
