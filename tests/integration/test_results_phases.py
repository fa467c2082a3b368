import pytest

from app.reporting.definition import UnknownExperimentError, UnknownPhaseError
from tests.builders import DAY, arm, experiment
from tests.integration.planted import LONG_AGO, Planted, sums


async def test_a_unit_counts_in_its_first_phase_only(planted: Planted) -> None:
    await planted.publish(1)
    weighted = experiment(phase=2, arms=[arm("control", weight=3), arm("treatment")], primary_metric="orders")
    await planted.publish(2, experiments=[weighted])
    await planted.assign("old")
    await planted.assign("old", at=LONG_AGO + DAY, phase=2, revision=2, first=False)
    await planted.assign("new", at=LONG_AGO + DAY, phase=2, revision=2)
    await planted.event("old", 2 * DAY)
    first, second = await planted.results(phase=1), await planted.results(phase=2)
    assert sums(first, "orders") == {"control": (1, 1, 1), "treatment": (0, 0, 0)}
    assert sums(second, "orders") == {"control": (1, 0, 0), "treatment": (0, 0, 0)}
    assert [a.expected_share for a in first.arms] == [0.5, 0.5]
    assert [a.expected_share for a in second.arms] == [0.75, 0.25]
    assert (first.phase, second.phase) == (1, 2)
    assert await planted.results() == second


async def test_a_phase_that_is_over_takes_nobody_in_any_more(planted: Planted) -> None:
    await planted.publish(1)
    await planted.publish(2, experiments=[experiment(phase=2)])
    await planted.assign("old")
    assert (await planted.results(phase=1)).verdict.call == "inconclusive"
    assert (await planted.results(phase=2)).verdict.call == "keep_running"


async def test_a_phase_in_which_nobody_came_is_empty(planted: Planted) -> None:
    await planted.publish(2, experiments=[experiment(phase=2)])
    assert (await planted.results(phase=1)).units == 0


async def test_a_phase_that_is_still_to_come_is_refused(planted: Planted) -> None:
    await planted.publish()
    with pytest.raises(UnknownPhaseError, match="hero-copy has come to phase 1"):
        await planted.results(phase=2)


async def test_an_experiment_that_was_taken_out_is_still_known_by_its_units(planted: Planted) -> None:
    await planted.publish(1)
    await planted.publish(2, experiments=[])
    await planted.assign("v")
    await planted.event("v")
    found = await planted.results()
    assert sums(found, "orders") == {"control": (1, 1, 1), "treatment": (0, 0, 0)}
    assert found.verdict.call == "inconclusive"


async def test_an_experiment_that_nobody_knows_is_unknown(planted: Planted) -> None:
    with pytest.raises(UnknownExperimentError):
        await planted.results()
    await planted.publish(experiments=[])
    with pytest.raises(UnknownExperimentError):
        await planted.results()


async def test_the_holdout_is_reported_like_an_experiment(planted: Planted) -> None:
    holdout = {"percent": 10, "metrics": ["orders", "revenue"], "salt": "s"}
    await planted.publish(holdout=holdout)
    for i in range(9):
        await planted.assign(f"p{i}", "personalized", experiment="$holdout")
    await planted.assign("g", "generic", experiment="$holdout")
    await planted.event("p0", value=4)
    found = await planted.results("$holdout")
    assert sums(found, "revenue") == {"generic": (1, 0, 0), "personalized": (9, 4, 16)}
    assert found.sample_ratio.p_value == 1
    assert [metric.role for metric in found.metrics] == ["primary", "secondary"]


async def test_a_holdout_that_was_ended_is_known_by_its_units(planted: Planted) -> None:
    with pytest.raises(UnknownExperimentError):
        await planted.results("$holdout")
    await planted.publish(1, holdout={"percent": 10, "salt": "s"})
    await planted.publish(2, holdout={"percent": 0, "salt": "s"})
    await planted.assign("g", "generic", experiment="$holdout")
    assert (await planted.results("$holdout")).units == 1


async def test_a_holdout_of_another_size_is_another_phase(planted: Planted) -> None:
    await planted.publish(1, holdout={"percent": 50, "salt": "s"})
    await planted.publish(2, holdout={"percent": 10, "salt": "s", "phase": 2})
    for i in range(20):
        await planted.assign(f"old{i}", ("generic", "personalized")[i % 2], experiment="$holdout")
        later = {"phase": 2, "revision": 2, "experiment": "$holdout"}
        await planted.assign(f"new{i}", "personalized" if i > 1 else "generic", LONG_AGO + DAY, **later)
    first, second = await planted.results("$holdout", phase=1), await planted.results("$holdout")
    assert [arm.expected_share for arm in first.arms] == [0.5, 0.5]
    assert [arm.expected_share for arm in second.arms] == [0.1, 0.9]
    assert first.sample_ratio.p_value == second.sample_ratio.p_value == 1
    assert (first.units, second.units, second.phase) == (20, 20, 2)
