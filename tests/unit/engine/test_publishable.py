from typing import Any

from app.engine.publishable import unpublishable
from tests.builders import parsed, rule, ruleset

METRIC = {"key": "orders", "event": "order_completed"}


def problems(**fields: Any) -> dict[str, str]:
    found = [problem for problem in unpublishable(parsed(**fields)) if problem is not None]
    return {problem.pointer: problem.message for problem in found}


def test_a_metric_of_the_holdout_must_exist() -> None:
    said = {"metrics": [METRIC], "holdout": {"metrics": ["orders", "order"]}}

    assert problems(**said) == {"/holdout/metrics/1": "there is no metric 'order'; did you mean 'orders'?"}
    assert ruleset(**said).revision == 1


def test_a_time_zone_is_the_same_on_every_machine() -> None:
    schedules: list[dict[str, Any]] = [{}, {"timezone": "Europe/Paris"}, {"timezone": "Factory"}]
    rules = [rule("always"), *(rule(f"r{i}", schedule=schedule) for i, schedule in enumerate(schedules))]
    said = {"site": {"timezone": "localtime"}, "rules": rules}

    found = problems(**said)

    assert list(found) == ["/site/timezone", "/rules/3/schedule/timezone"]
    assert found["/site/timezone"].startswith("'localtime' is not the same on every machine")


def test_a_revision_with_a_zone_of_the_machine_still_compiles() -> None:
    assert str(ruleset(site={"timezone": "Factory"}).zone) == "Factory"
