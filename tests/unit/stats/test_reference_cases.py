"""The published figures of ../shared/reference that these statistics must reproduce."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.stats.always_valid import compare_always_valid
from app.stats.bayes import Posterior, Prior, compare_bayesian, expected_loss
from app.stats.beta import Belief, compare_conversions
from app.stats.corrections import benjamini_hochberg, bonferroni, holm
from app.stats.cuped import adjust_means, adjust_ratios, variance_left
from app.stats.design import Design
from app.stats.estimate import Estimate
from app.stats.means import compare_means, compare_relative
from app.stats.power_of_means import power_of_means, size_for_means
from app.stats.power_of_proportions import power_of_proportions, size_for_proportions
from app.stats.proportions import compare_proportions
from app.stats.sample import Sample, mean_of, proportion_of, ratio_of
from app.stats.sample_ratio import check_sample_ratio
from app.stats.sequential_ratio import log_marginals
from app.stats.spending import Spending, boundaries
from tests.unit.stats.sums import arm, converted, pair, quadruple

CASES = Path(__file__).parents[4] / "shared" / "reference" / "stats_cases.json"
Figures = Mapping[str, Any]


def told(found: Estimate) -> Figures:
    """The estimate under the names that the cases use."""
    low, high = found.interval or (None, None)
    effect = {"diff": found.value, "lift": found.value, "se": found.error, "p": found.p_value}
    return effect | {"lo": low, "hi": high, "t": found.statistic, "z": found.statistic, "df": found.degrees}


def proportions(inputs: Figures) -> Figures:
    return told(compare_proportions(*(converted(inputs[f"x{i}"], inputs[f"n{i}"]) for i in (1, 2))))


def samples(inputs: Figures) -> tuple[Sample, Sample]:
    one, other = (arm(inputs[f"n{i}"], inputs[f"sum{i}"], inputs[f"sumsq{i}"]) for i in (1, 2))
    return mean_of(one), mean_of(other)


def shares(inputs: Figures) -> tuple[Sample, Sample]:
    one, other = (converted(inputs[f"x{i}"], inputs[f"n{i}"]) for i in (1, 2))
    return proportion_of(one), proportion_of(other)


def always_valid(inputs: Figures, *, relative: bool) -> Figures:
    found = compare_always_valid(
        *shares(inputs), alpha=inputs["alpha"], n_star=inputs["n_star"], relative=relative
    )
    return told(found)


def ratio_pooled(inputs: Figures) -> Figures:
    control, treatment = (
        ratio_of(pair(a["n"], (a["sum_y"], a["sum_x"]), (a["sumsq_y"], a["sumsq_x"]), a["sum_xy"]))
        for a in (inputs["control"], inputs["treatment"])
    )
    found = compare_means(control, treatment, method="pooled", alternative="greater")
    return {**told(found), "control": control.mean, "treatment": treatment.mean}


def ratio_normal(inputs: Figures) -> Figures:
    control, treatment = (
        ratio_of(pair(a["n"], (a["s_orders"], a["s_sess"]), (a["q_orders"], a["q_sess"]), a["x_orders_sess"]))
        for a in (inputs["control"], inputs["treatment"])
    )
    return {
        **told(compare_means(control, treatment, method="normal")),
        "r1": control.mean,
        "r2": treatment.mean,
    }


def ratio_cuped(inputs: Figures) -> Figures:
    names = ("orders", "sessions", "orders_covariate", "sessions_covariate")
    control, treatment = (
        quadruple(a["n"], a["sums"], a["sums_of_products"], names)
        for a in (inputs["control"], inputs["treatment"])
    )
    adjusted = adjust_ratios(control, treatment)
    found = compare_means(adjusted.control, adjusted.treatment, method="normal", alternative="less")
    return {**told(found), "control": adjusted.control.mean, "treatment": adjusted.treatment.mean}


def cuped(inputs: Figures) -> Figures:
    control, treatment = (
        pair(a["n"], (a["s_rev"], a["s_pre"]), (a["q_rev"], a["q_pre"]), a["x_rev_pre"])
        for a in (inputs["control"], inputs["treatment"])
    )
    adjusted = adjust_means(control, treatment)
    return {**told(compare_means(adjusted.control, adjusted.treatment)), "theta": adjusted.theta}


def always_valid_cuped(inputs: Figures) -> Figures:
    control, treatment = (
        pair(
            inputs[f"n{i}"],
            (inputs[f"post{i}"][0], inputs[f"pre{i}"][0]),
            (inputs[f"post{i}"][1], inputs[f"pre{i}"][1]),
            inputs[f"xy{i}"],
        )
        for i in (1, 2)
    )
    adjusted = adjust_means(control, treatment)
    return told(compare_always_valid(adjusted.control, adjusted.treatment, n_star=5000, relative=True))


def spending(inputs: Figures, kind: Spending) -> Figures:
    found = boundaries(inputs["t"], alpha=inputs["alpha"], spending=kind)
    return {"z": found.z, "spent": found.spent}


def design(inputs: Figures) -> Design:
    return Design(alpha=inputs["alpha"], power=inputs.get("power", 0.8))


def size_of_proportions(inputs: Figures) -> float:
    return size_for_proportions(inputs["p1"], inputs["p2"], design=design(inputs))


def size_of_means(inputs: Figures) -> float:
    return size_for_means(inputs["delta"], inputs["sd"], design=design(inputs))


def sample_ratio(inputs: Figures) -> Figures:
    found = check_sample_ratio(inputs["observed"], inputs["weights"])
    return {"p": found.p_value, "chi2": found.statistic}


def sequential_ratio(inputs: Figures) -> Figures:
    found = log_marginals(inputs["buckets"], inputs["null"], prior=inputs["dirichlet_alpha"])
    return dict(zip(("log_m1", "log_m0"), found, strict=True))


def believed(found: Posterior) -> Figures:
    low, high = found.interval or (None, None)
    losses = {"loss_control": found.loss_of_control, "loss_treat": found.loss_of_treatment}
    return {"ctw": found.chance_to_win, "lo": low, "hi": high} | losses


def bayesian_with_prior(inputs: Figures) -> Figures:
    prior = Prior(inputs["prior_mean"], inputs["prior_var"])
    return believed(compare_bayesian(*samples(inputs), prior=prior))


def beta(inputs: Figures) -> Figures:
    one, other = (converted(inputs[f"x{i}"], inputs[f"n{i}"]) for i in (1, 2))
    found = compare_conversions(one, other, prior=Belief(*inputs["prior"]))
    return {"p": found.chance_to_win, "loss_choose_b": found.loss_of_treatment}


def rejections(inputs: Figures) -> Figures:
    adjusted = {"rejected": benjamini_hochberg, "bonferroni_rejected": bonferroni}
    return {name: sum(p <= inputs["q"] for p in adjust(inputs["p"])) for name, adjust in adjusted.items()}


REPRODUCED: Mapping[str, Callable[[Figures], Figures]] = {
    "two_proportion_z_pooled": proportions,
    "two_proportion_z": proportions,
    "welch_relative_lift_delta": lambda x: told(compare_relative(*samples(x))),
    "welch_t": lambda x: told(compare_means(*samples(x))),
    "welch_relative_lift_delta_one_sided_greater": lambda x: told(
        compare_relative(*samples(x), alternative="greater")
    ),
    "welch_t_one_sided_greater": lambda x: told(compare_means(*samples(x), alternative="greater")),
    "ratio_delta_pooled_var_one_sided_greater": ratio_pooled,
    "ratio_delta_z": ratio_normal,
    "ratio_delta_cuped_z_one_sided_less": ratio_cuped,
    "cuped_welch_theta_total": cuped,
    "cuped_variance_reduction": lambda x: {
        "ratio_var_cuped_to_var": variance_left(x["var_y"], x["var_x"], x["cov"])
    },
    "asymptotic_confidence_sequence_cuped_relative": always_valid_cuped,
    "asymptotic_confidence_sequence_relative": lambda x: always_valid(x, relative=True),
    "asymptotic_confidence_sequence_absolute": lambda x: always_valid(x, relative=False),
    "group_sequential_alpha_spending_obf_two_sided": lambda x: spending(x, "obrien_fleming"),
    "group_sequential_alpha_spending_pocock_two_sided": lambda x: spending(x, "pocock"),
    "sample_size_two_proportions_pooled_null": lambda x: {"n": size_of_proportions(x)},
    "sample_size_two_proportions_pooled_null_total": lambda x: {"n_total": 2 * size_of_proportions(x)},
    "power_two_proportions_pooled_null": lambda x: {
        "power": power_of_proportions(x["n"], x["p1"], x["p2"], design=design(x))
    },
    "power_two_sample_t": lambda x: {"power": power_of_means(x["n"], x["delta"], x["sd"], design=design(x))},
    "sample_size_two_sample_t": lambda x: {"n": size_of_means(x)},
    "sample_size_two_sample_t_total": lambda x: {"n_total": 2 * math.ceil(size_of_means(x))},
    "srm_chi2": sample_ratio,
    "sequential_srm_dirichlet_multinomial_log_marginals": sequential_ratio,
    "bayes_normal_relative_flat_prior": lambda x: believed(compare_bayesian(*samples(x))),
    "bayes_normal_relative_gaussian_prior": bayesian_with_prior,
    "expected_loss_normal": lambda x: dict(
        zip(("loss_control", "loss_treat"), expected_loss(x["mu"], x["sigma"]), strict=True)
    ),
    "prob_B_beats_A_beta": beta,
    "benjamini_hochberg": rejections,
    "holm": lambda x: {"adjusted": holm(x["p"])},
}


def published() -> list[Figures]:
    if not CASES.exists():
        pytest.skip("../shared/reference/stats_cases.json is absent, so its figures were not compared")
    cases: list[Figures] = json.loads(CASES.read_text())
    return cases


def compared(case: Figures) -> Iterator[tuple[str, object, object]]:
    """Every expected figure of a case, beside what was found, within its tolerance."""
    found = REPRODUCED[case["method"]](case["inputs"])
    for name, expected in case["expected"].items():
        tolerance = case["tolerance"]
        within = tolerance[name] if isinstance(tolerance, dict) else tolerance
        yield name, found[name], pytest.approx(expected, abs=within, rel=0)


@pytest.mark.parametrize("method", REPRODUCED)
def test_published_figures_are_reproduced(method: str) -> None:
    cases = [case for case in published() if case["method"] == method]
    assert cases, f"no case of {method}"
    for case in cases:
        for name, found, expected in compared(case):
            assert found == expected, (case["id"], name)


def test_no_published_case_is_left_out() -> None:
    assert {case["method"] for case in published()} == set(REPRODUCED)
