from typing import Any

from app.engine.publishable import unpublishable
from tests.builders import parsed, ruleset

METRIC = {"key": "orders", "event": "order_completed"}


def problems(**fields: Any) -> dict[str, str]:
    found = [problem for problem in unpublishable(parsed(**fields)) if problem is not None]
    return {problem.pointer: problem.message for problem in found}


def test_a_metric_of_the_holdout_must_exist() -> None:
    said = {"metrics": [METRIC], "holdout": {"metrics": ["orders", "order"]}}

    assert problems(**said) == {"/holdout/metrics/1": "there is no metric 'order'; did you mean 'orders'?"}
    assert ruleset(**said).revision == 1
