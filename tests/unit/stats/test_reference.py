"""The published figures of ../shared/reference that these statistics must reproduce."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.stats.aggregates import Aggregate
from app.stats.corrections import benjamini_hochberg, holm
from app.stats.proportions import compare_proportions
from app.stats.sample_ratio import check_sample_ratio

CASES = Path(__file__).parents[4] / "shared" / "reference" / "stats_cases.json"
Figures = Mapping[str, Any]


def two_proportions(inputs: Figures) -> Figures:
    control = Aggregate(inputs["n1"], inputs["x1"], inputs["x1"])
    treatment = Aggregate(inputs["n2"], inputs["x2"], inputs["x2"])
    found = compare_proportions(control, treatment, alpha=0.05)
    assert found.interval is not None
    return {"p": found.p_value, "diff": found.absolute, "lo": found.interval[0], "hi": found.interval[1]}


def sample_ratio(inputs: Figures) -> Figures:
    observed, weights = inputs["observed"], inputs["weights"]
    expected = [sum(observed) * weight / sum(weights) for weight in weights]
    chi2 = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    return {"p": check_sample_ratio(observed, weights).p_value, "chi2": chi2}


def rejections(inputs: Figures) -> Figures:
    p_values, q = inputs["p"], inputs["q"]
    return {
        "rejected": sum(p <= q for p in benjamini_hochberg(p_values)),
        "bonferroni_rejected": sum(p * len(p_values) <= q for p in p_values),
    }


REPRODUCED: Mapping[str, Callable[[Figures], Figures]] = {
    "two_proportion_z_pooled": two_proportions,
    "two_proportion_z": two_proportions,
    "srm_chi2": sample_ratio,
    "holm": lambda inputs: {"adjusted": holm(inputs["p"])},
    "benjamini_hochberg": rejections,
}


def published(method: str) -> list[Figures]:
    if not CASES.exists():
        pytest.skip("../shared/reference/stats_cases.json is absent, so its figures were not compared")
    return [case for case in json.loads(CASES.read_text()) if case["method"] == method]


@pytest.mark.parametrize("method", REPRODUCED)
def test_published_figures_are_reproduced(method: str) -> None:
    cases = published(method)
    assert cases, f"no case of {method}"
    for case in cases:
        found = REPRODUCED[method](case["inputs"])
        for name, expected in case["expected"].items():
            assert found[name] == pytest.approx(expected, abs=case["tolerance"], rel=0), (case["id"], name)
