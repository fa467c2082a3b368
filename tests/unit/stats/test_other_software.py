"""Figures that R, rpact and GrowthBook's engine print for odd and hard cases, found here as well."""

import math

import pytest

from app.stats.always_valid import compare_always_valid
from app.stats.bayes import Prior, compare_bayesian
from app.stats.corrections import benjamini_hochberg, holm
from app.stats.cuped import adjust_ratios
from app.stats.design import Design
from app.stats.estimate import Alternative
from app.stats.joint import JointAggregate
from app.stats.means import compare_means, compare_relative
from app.stats.power_of_means import effect_on_mean, power_of_means, size_for_means
from app.stats.power_of_proportions import effect_on_proportion, power_of_proportions, size_for_proportions
from app.stats.proportions import compare_proportions
from app.stats.sample import mean_of, proportion_of
from app.stats.sample_ratio import check_sample_ratio
from app.stats.spending import Spending, boundaries
from tests.unit.stats.sums import arm, converted

Side = tuple[int, int]
HARD: list[tuple[Side, Side, Alternative, float, float, float]] = [
    ((0, 100), (5, 100), "two-sided", 0.023540058261178, -0.00613889814990204, 0.106138898149902),
    ((0, 100), (5, 100), "greater", 0.011770029130589, -0.000701576452323556, math.inf),
    ((0, 100), (5, 100), "less", 0.988229970869411, -math.inf, 0.100701576452324),
    ((100, 100), (95, 100), "less", 0.011770029130589, -math.inf, 0.000701576452323542),
    ((7, 300), (12, 40), "two-sided", 8.31922600031664e-13, 0.0886847165753672, 0.464648616757966),
    (
        (10**6, 10**7),
        (1_005_000, 10**7),
        "two-sided",
        0.000197144845449247,
        0.000154032705577525,
        0.000845967294422476,
    ),
    ((10**6, 10**7), (1_005_000, 10**7), "greater", 9.85724227246233e-05, 0.000187541298346711, math.inf),
]


# R: prop.test of treatment and control without a correction, at confidence 0.99.
@pytest.mark.parametrize(("one", "other", "side", "p_value", "low", "high"), HARD)
def test_two_proportions(
    one: Side, other: Side, side: Alternative, p_value: float, low: float, high: float
) -> None:
    found = compare_proportions(converted(*one), converted(*other), alpha=0.01, alternative=side)
    assert found.p_value == pytest.approx(p_value, rel=1e-12)
    assert found.interval == pytest.approx((low, high), abs=1e-13)


# R: t.test of the units 5, 5, 5 and 5.5 and the units 2.1, 3.3, 0, 0, 8.25 and 1.
FEW = mean_of(arm(6, 14.65, 84.3625)), mean_of(arm(4, 20.5, 105.25))


def test_few_units() -> None:
    found = compare_means(*FEW)
    assert found.statistic == pytest.approx(2.09830102432761)
    assert found.degrees == pytest.approx(5.09614122823006)
    assert found.p_value == pytest.approx(0.0888960639507285)
    assert found.interval == pytest.approx((-0.585392718855223, 5.95205938552189))


def test_few_units_against_another_null() -> None:
    found = compare_means(*FEW, alternative="less", alpha=0.01, null=0.5)
    assert found.p_value == pytest.approx(0.926318026174422)
    assert found.interval == pytest.approx((-math.inf, 6.9527109289371))


def test_an_arm_that_does_not_vary() -> None:
    found = compare_means(mean_of(arm(3, 6, 14)), mean_of(arm(3, 12, 48)))
    assert (found.statistic, found.degrees) == pytest.approx((3.46410161513775, 2))
    assert found.interval == pytest.approx((-0.48413771175033, 4.48413771175033))


QUARTERS, UNEVEN = (0.25, 0.5, 0.75, 1), (0.1, 0.15, 0.6, 0.9, 1)


# rpact 3.3.4: getDesignGroupSequential, two-sided, of the types asOF and asP, to a tolerance of 1e-10.
@pytest.mark.parametrize(
    ("times", "alpha", "spending", "z"),
    [
        (QUARTERS, 0.05, "obrien_fleming", (4.332633646, 2.963131598, 2.359044285, 2.014090144)),
        (QUARTERS, 0.05, "pocock", (2.368327704, 2.367524295, 2.358167735, 2.350029537)),
        (QUARTERS, 0.01, "obrien_fleming", (5.492961025, 3.801395027, 3.044483170, 2.603007200)),
        (QUARTERS, 0.01, "pocock", (2.913524302, 2.942084506, 2.951202776, 2.956061889)),
        ((0.5, 1), 0.05, "pocock", (2.156999218, 2.200976955)),
        (UNEVEN, 0.05, "pocock", (2.655110048, 2.756674556, 2.230273447, 2.305933146, 2.403947482)),
    ],
)
def test_boundaries(times: tuple[float, ...], alpha: float, spending: Spending, z: tuple[float, ...]) -> None:
    assert boundaries(times, alpha=alpha, spending=spending).z == pytest.approx(z, abs=2e-5)


# R: power.prop.test and power.t.test, to a tolerance of 1e-13; one-sided ones have half of a design's alpha.
def test_plans_for_proportions() -> None:
    assert size_for_proportions(0.001, 0.0012, design=Design(0.01, 0.9)) == pytest.approx(817463.619664929)
    assert effect_on_proportion(4000, 0.05) == pytest.approx(0.0645548784898388 - 0.05)
    one_sided = power_of_proportions(4000, 0.95, 0.94, design=Design(0.2))
    assert one_sided == pytest.approx(0.751825330776942)


def test_plans_for_means() -> None:
    assert size_for_means(0.02, 3, design=Design(0.01, 0.95)) == pytest.approx(801639.056717748)
    assert effect_on_mean(3, 2.0) == pytest.approx(6.14178568754122)
    assert power_of_means(5, 1.0, 0.8, design=Design(0.1)) == pytest.approx(0.564092552841442)


# R: chisq.test with rescaled weights.
@pytest.mark.parametrize(
    ("observed", "weights", "statistic", "p_value"),
    [
        ((3341, 3300, 3359, 3350), (1, 1, 1, 1), 0.610337078651685, 0.894061911629801),
        ((5_000_000, 5_010_000, 1_000_000), (5, 5, 1), 10.8991825613081, 0.00429806103249649),
        ((0, 40), (0.1, 0.9), 4.44444444444444, 0.0350149810196625),
    ],
)
def test_sample_ratios(
    observed: tuple[int, ...], weights: tuple[float, ...], statistic: float, p_value: float
) -> None:
    found = check_sample_ratio(observed, weights)
    assert (found.statistic, found.p_value) == pytest.approx((statistic, p_value), rel=1e-12)


# R: p.adjust.
def test_corrections_with_ties_and_certainties() -> None:
    p_values = [0.01, 0.01, 0, 0.3, 1, 0.04]
    assert benjamini_hochberg(p_values) == pytest.approx([0.02, 0.02, 0, 0.36, 1, 0.06])
    assert holm(p_values) == pytest.approx([0.05, 0.05, 0, 0.6, 1, 0.12])


REVENUE = mean_of(arm(3000, 1396.87, 52377.9767)), mean_of(arm(3461, 2422.7, 134698.29))


# GrowthBook's packages/stats/tests, rounded there to five digits.
def test_growthbook_lift_that_is_tested_for_a_loss() -> None:
    found = compare_relative(*REVENUE, alternative="less")
    assert found.p_value == pytest.approx(0.9344173713153225)
    assert found.interval == pytest.approx((-math.inf, 1.0518588475628676))


def test_growthbook_lift_of_few_conversions() -> None:
    shares = proportion_of(converted(14, 28)), proportion_of(converted(16, 30))
    found = compare_relative(*shares)
    assert (found.error, found.p_value) == pytest.approx((0.2717, 0.80707), abs=5e-6)
    assert found.interval == pytest.approx((-0.47767, 0.61101), abs=5e-6)


def test_growthbook_confidence_sequence_tuned_for_fewer_units() -> None:
    found = compare_always_valid(*REVENUE, n_star=1000, relative=True)
    assert found.interval == pytest.approx((-0.55844, 1.56516), abs=5e-6)
    assert found.p_value == 1


def test_growthbook_belief_about_few_conversions() -> None:
    found = compare_bayesian(proportion_of(converted(49, 100)), proportion_of(converted(51, 100)))
    assert found.chance_to_win == pytest.approx(0.60918, abs=5e-6)
    assert (found.loss_of_control, found.loss_of_treatment) == pytest.approx((0.0814, 0.04058), abs=5e-6)
    assert found.interval == pytest.approx((-0.24779, 0.32943), abs=5e-6)


# gbstats 0.8.0, with a proper prior N(0.2, 0.01) of the difference itself.
def test_growthbook_belief_with_a_prior_about_a_difference() -> None:
    found = compare_bayesian(*REVENUE, relative=False, prior=Prior(0.2, 0.01), alpha=0.1)
    assert found.chance_to_win == pytest.approx(0.9963849838519754)
    assert found.interval == pytest.approx((0.08248845789947859, 0.3431122388626032))
    assert found.loss_of_control == pytest.approx(0.2128882445724491)
    assert found.loss_of_treatment == pytest.approx(8.789619140817155e-05)


def test_growthbook_lift_of_a_ratio_with_its_covariate() -> None:
    adjusted = adjust_ratios(*(JointAggregate(100, *sums) for sums in SUMS))
    found = compare_relative(adjusted.control, adjusted.treatment)
    # GrowthBook takes theta from within the arms, and ours is that of all units together: 0.8290 and 0.8293.
    assert found.value == pytest.approx(-0.0007, abs=2e-5)
    assert found.error == pytest.approx(0.00391, abs=5e-6)


# (numerator, denominator, numerator before, denominator before): sums, and sums of products.
SUMS = (
    (
        (485.112236689623, 679.9093275844917, 192.59138069991536, 290.1398399750233),
        (
            (2715.484666118136, 3602.146836776702, 1113.6215759318352, 1559.2878434944676),
            (3602.146836776702, 4939.424001640236, 1460.3181079276983, 2130.9404074446747),
            (1113.6215759318352, 1460.3181079276983, 460.076026390857, 634.239482353647),
            (1559.2878434944676, 2130.9404074446747, 634.239482353647, 920.9461385038898),
        ),
    ),
    (
        (514.7757826608777, 705.4090874383759, 206.94157227402536, 302.54389139107326),
        (
            (2994.897482705013, 3918.1561431600717, 1237.0953021125997, 1701.0287270040265),
            (3918.1561431600717, 5291.36604146392, 1604.0759503266522, 2292.081739775257),
            (1237.0953021125997, 1604.0759503266522, 514.2903702246757, 698.4173425817908),
            (1701.0287270040265, 2292.081739775257, 698.4173425817908, 994.4506208125663),
        ),
    ),
)
