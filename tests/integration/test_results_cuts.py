import uuid
from typing import Any

import pytest

from app.reporting.question import CutBy, Population
from app.reporting.report import Cut
from tests.builders import DAY, HOUR
from tests.integration.planted import LONG_AGO, Planted, sums, sums_of


class TestCuts:
    async def cuts(self, planted: Planted, by: CutBy) -> list[Cut]:
        await planted.publish()
        first: dict[str, Any] = {
            "stage": "awareness",
            "segments": ["new", "bikes"],
            "device": "mobile",
            "country": "GB",
        }
        await planted.assign("v", **first)
        later: dict[str, Any] = {
            "stage": "decision",
            "segments": ["late"],
            "device": "desktop",
            "country": "DE",
        }
        await planted.assign("v", at=LONG_AGO + HOUR, **later)
        await planted.assign("w", "treatment", LONG_AGO + DAY, segments=["bikes"])
        await planted.event("v", HOUR)
        return (await planted.results(by=by)).cuts

    @pytest.mark.parametrize(
        ("by", "values"),
        [
            (CutBy.STAGE, {"awareness": 1, None: 1}),
            (CutBy.SEGMENT, {"bikes": 2, "new": 1}),
            (CutBy.DEVICE, {"mobile": 1, None: 1}),
            (CutBy.COUNTRY, {"GB": 1, None: 1}),
            (CutBy.DAY, {"2026-01-09": 1, "2026-01-10": 2}),
        ],
    )
    async def test_units_are_cut_by_how_they_stood_when_first_assigned(
        self, planted: Planted, by: CutBy, values: dict[str | None, int]
    ) -> None:
        assert {cut.value: cut.units for cut in await self.cuts(planted, by)} == values

    async def test_a_cut_has_its_own_figures(self, planted: Planted) -> None:
        bikes, new = await self.cuts(planted, CutBy.SEGMENT)
        assert sums_of(bikes.metrics[0]) == {"control": (1, 1, 1), "treatment": (1, 0, 0)}
        assert sums_of(new.metrics[0]) == {"control": (1, 1, 1), "treatment": (0, 0, 0)}


class TestExposure:
    async def exposed(self, planted: Planted) -> dict[str, tuple[int, float, float]]:
        return sums(await planted.results(population=Population.EXPOSED), "orders")

    async def shown(self, planted: Planted, decision: uuid.UUID, **fields: Any) -> None:
        said = {"decision_id": str(decision), "placement": "home.hero"}
        await planted.event("v", name="$exposure", **{**said, **fields})

    async def test_only_units_whose_page_reported_it_are_exposed(self, planted: Planted) -> None:
        await planted.publish()
        await self.shown(planted, await planted.assign("v"))
        await planted.assign("w", "treatment")
        await planted.event("v")
        assert await self.exposed(planted) == {"control": (1, 1, 1), "treatment": (0, 0, 0)}
        assert (await planted.results()).units == 2

    async def test_an_exposure_to_a_continued_arm_counts(self, planted: Planted) -> None:
        await planted.publish()
        await planted.assign("v")
        await self.shown(planted, await planted.assign("v", at=LONG_AGO + HOUR, first=False))
        assert (await self.exposed(planted))["control"] == (1, 0, 0)

    @pytest.mark.parametrize(
        "fields",
        [
            {"placement": "home.footer"},
            {"decision_id": "garbage"},
            {"profile_only": True},
            {"placement": None},
        ],
    )
    async def test_what_is_no_exposure_to_the_experiment_does_not_count(
        self, planted: Planted, fields: dict[str, Any]
    ) -> None:
        await planted.publish()
        await self.shown(planted, await planted.assign("v"), **fields)
        assert (await self.exposed(planted))["control"] == (0, 0, 0)

    async def test_any_placement_exposes_to_the_holdout(self, planted: Planted) -> None:
        await planted.publish(holdout={"percent": 10, "salt": "s"})
        decision = await planted.assign("v", "generic", experiment="$holdout")
        await self.shown(planted, decision, placement="home.footer")
        assert (await planted.results("$holdout", population=Population.EXPOSED)).units == 1
