import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import event

from app.admin.results.examples import ANSWER, SHEET
from app.embedded.servers import Servers
from app.reporting.report import Results
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.conftest import AdminFactory
from tests.builders import DAY, experiment
from tests.integration.planted import Planted
from tests.sites import SiteFactory
from tests.unit.reporting.counted import fixed, orders, revenue

RESULTS = "/api/v1/experiments/hero-copy/results"


class Reader(Planted):
    """A site whose records a test plants, and a viewer's client for it."""

    client: AsyncClient

    async def get(self, **query: Any) -> dict[str, Any]:
        """Read the results of `hero-copy` as JSON."""
        answer = await self.client.get(RESULTS, params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def errors(self, **query: Any) -> list[str]:
        """Be refused for the query; answers the places that are wrong in it."""
        answer = await self.client.get(RESULTS, params=query)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        return [error["pointer"] for error in answer.json()["errors"]]


@pytest_asyncio.fixture
async def reader(admin: AdminFactory, new_site: SiteFactory, postgres: Postgres) -> Reader:
    site = await new_site()
    made = Reader(postgres, site.site_id)
    made.client = await admin(Role.VIEWER, site)
    await made.publish()
    return made


async def test_results_have_the_shape_of_the_contract(reader: Reader) -> None:
    await reader.assign("v", device="mobile")
    await reader.event("v", DAY, value=5)
    found = await reader.get(by="device")
    figures = found["metrics"][0]
    assert {key: found[key] for key in ("experiment", "phase", "population", "units")} == {
        "experiment": "hero-copy",
        "phase": 1,
        "population": "assigned",
        "units": 1,
    }
    assert found["as_of"].endswith("Z")
    assert (found["units_complete"], found["crossed_units"]) == (1, 0)
    assert found["sample_ratio"].keys() == {"p_value", "always_valid_p_value", "mismatch"}
    assert (figures["metric"], figures["kind"], figures["role"]) == ("orders", "conversion", "primary")
    assert figures["arms"][0] == {
        "arm": "control",
        "units": 1,
        "sum": 1,
        "sum_of_squares": 1,
        "mean": 1,
        "other_currencies": None,
    }
    assert found["cuts"][0].keys() == {"by", "value", "units", "sample_ratio", "metrics", "uplift"}
    assert (found["uplift"], found["cuts_left_out"]) == (None, 0)
    assert found["verdict"].keys() == {"call", "arm", "why", "checks"}
    assert {check.keys() == {"check", "ok", "detail"} for check in found["verdict"]["checks"]} == {True}


async def test_every_field_of_a_comparison_is_there_also_without_a_figure(reader: Reader) -> None:
    (comparison,) = (await reader.get())["metrics"][0]["comparisons"]
    assert comparison == {
        "arm": "treatment",
        "baseline": "control",
        "estimator": "plain",
        **dict.fromkeys(("difference", "interval", "relative", "relative_interval", "p_value")),
        **dict.fromkeys(("adjusted_p_value", "chance_to_win", "expected_loss")),
        "always_valid": {"p_value": None, "interval": None, "relative_interval": None},
        "significant": False,
    }


async def test_an_interval_is_a_pair_of_numbers(reader: Reader) -> None:
    for unit, arm in (("a", "control"), ("b", "control"), ("c", "treatment"), ("d", "treatment")):
        await reader.assign(unit, arm)
    await reader.event("a", DAY)
    (comparison,) = (await reader.get())["metrics"][0]["comparisons"]
    low, high = comparison["interval"]
    assert low < comparison["difference"] == -0.5 < high
    assert comparison["relative"] == -1


async def test_a_number_that_nobody_means_adds_nothing(reader: Reader) -> None:
    await reader.assign("v")
    for value in (1e200, 20):
        await reader.event("v", DAY, value=value)
    control = (await reader.get())["metrics"][2]["arms"][0]
    assert (control["sum"], control["sum_of_squares"]) == (20, 400)


async def test_comparisons_of_complete_units_can_be_asked_for(reader: Reader) -> None:
    judged = experiment(primary_metric="orders", analysis=fixed())
    await reader.publish(2, metrics=[orders(window_days=36_500)], experiments=[judged])
    await reader.assign("a")
    await reader.assign("b", "treatment")
    everyone, complete = await reader.get(), await reader.get(complete="true")
    assert everyone["metrics"][0]["comparisons"][0]["difference"] == 0
    assert complete["metrics"][0]["comparisons"][0]["difference"] is None


async def test_results_come_as_a_table_too(reader: Reader) -> None:
    await reader.assign("v")
    answer = await reader.client.get(RESULTS, params={"format": "csv"})
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [(line["metric"], line["arm"], line["units"]) for line in lines][:2] == [
        ("orders", "control", "1"),
        ("orders", "treatment", "0"),
    ]


async def test_the_holdout_is_read_under_its_own_name(reader: Reader) -> None:
    await reader.publish(2, holdout={"percent": 5, "salt": "s", "metrics": ["revenue"]}, metrics=[revenue()])
    answer = await reader.client.get("/api/v1/experiments/$holdout/results")
    assert [arm["arm"] for arm in answer.json()["arms"]] == ["generic", "personalized"]


async def test_the_holdout_tells_what_personalization_is_worth_overall_and_by_stage(reader: Reader) -> None:
    await reader.publish(
        2, holdout={"percent": 50, "salt": "s", "metrics": ["revenue"]}, metrics=[revenue()], experiments=[]
    )
    for i in range(40):
        side, stage = ("generic", "personalized")[i % 2], ("awareness", "decision")[i // 2 % 2]
        await reader.assign(f"v{i}", side, experiment="$holdout", stage=stage)
        await reader.event(f"v{i}", DAY, value=10 + i % 3 + 5 * (side == "personalized"))
    answer = (await reader.client.get("/api/v1/experiments/$holdout/results?by=stage")).json()
    (overall,) = answer["uplift"]
    generic, personalized = (arm["mean"] for arm in answer["metrics"][0]["arms"])
    assert overall["per_unit"] == pytest.approx(personalized - generic)
    assert overall["total"] == pytest.approx(20 * overall["per_unit"])
    assert overall["interval"][0] < overall["per_unit"] < overall["interval"][1]
    assert answer["verdict"]["why"].startswith(overall["said"])
    assert overall["said"].startswith("personalization brings")
    assert {cut["value"]: cut["uplift"][0]["metric"] for cut in answer["cuts"]} == {
        "awareness": "revenue",
        "decision": "revenue",
    }


async def test_devices_and_countries_that_visitors_make_up_are_one_cut(reader: Reader) -> None:
    for i in range(30):
        await reader.assign(f"v{i}", device=f"made-up-{i}", country=f"<{i}>")
    for by in ("device", "country"):
        cuts = (await reader.get(by=by))["cuts"]
        assert [(cut["value"], cut["units"]) for cut in cuts] == [("other", 30)]


async def test_orders_in_other_currencies_are_told_apart(reader: Reader) -> None:
    euros = revenue(where={"properties.currency": "EUR"})
    judged = experiment(phase=1, primary_metric="revenue")
    await reader.publish(2, metrics=[euros], experiments=[judged])
    await reader.assign("v")
    await reader.event("v", DAY, value=5, currency="EUR")
    await reader.event("v", DAY, value=700, currency="JPY")
    (metric,) = (await reader.get())["metrics"]
    assert (metric["arms"][0]["sum"], metric["arms"][0]["other_currencies"]) == (5, 1)
    assert metric["note"] == "not counted: 1 events in other currencies"


@pytest.mark.parametrize(
    "query",
    [
        {"by": "weather"},
        {"phase": "0"},
        {"phase": "40000"},
        {"phase": "one"},
        {"population": "everyone"},
        {"complete": "perhaps"},
        {"format": "xml"},
        {"sort": "units"},
    ],
)
async def test_a_query_that_cannot_be_is_refused_by_its_name(reader: Reader, query: dict[str, str]) -> None:
    assert await reader.errors(**query) == [f"query:{name}" for name in query]


async def test_a_phase_that_is_still_to_come_is_refused_by_its_name(reader: Reader) -> None:
    assert await reader.errors(phase=2) == ["query:phase"]


@pytest.mark.parametrize("key", ["hero-copi", "$holdout", "a" * 128])
async def test_an_experiment_that_nobody_knows_is_not_found(reader: Reader, key: str) -> None:
    answer = await reader.client.get(f"/api/v1/experiments/{key}/results")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"there is no published experiment {key!r}"


@pytest.mark.parametrize("key", ["%00", "a%20b", "a" * 129, "%ff", "-a"])
async def test_a_name_that_no_experiment_can_have_is_refused(reader: Reader, key: str) -> None:
    answer = await reader.client.get(f"/api/v1/experiments/{key}/results")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "path:key"


async def test_the_experiment_of_another_site_is_not_found(admin: AdminFactory, reader: Reader) -> None:
    assert (await reader.client.get(RESULTS)).status_code == 200
    assert (await (await admin()).get(RESULTS)).status_code == 404


async def test_a_key_is_needed_and_a_public_one_will_not_do(
    admin: AdminFactory, new_site: SiteFactory
) -> None:
    site = await new_site()
    client = await admin(None, site)
    strange = await client.get(RESULTS, headers={"Authorization": "Bearer sk_unknown"})
    public = await client.get(RESULTS, headers={"Authorization": f"Bearer {site.public_key}"})
    assert (strange.status_code, public.status_code) == (401, 403)


@pytest_asyncio.fixture
async def breaking(
    servers: Servers, reader: Reader, admin_app: FastAPI, postgres: Postgres
) -> AsyncIterator[AsyncClient]:
    """A client of an app each of whose connections breaks as soon as it is lent."""
    opened = await Postgres.open(servers.database_url)
    event.listen(
        opened.engine.sync_engine, "checkout", lambda adapted, *_: adapted.driver_connection.terminate()
    )
    admin_app.state.postgres = opened
    yield reader.client
    admin_app.state.postgres = postgres
    await opened.close()


@pytest.mark.parametrize("path", [RESULTS, f"{RESULTS.removesuffix('results')}export?what=units"])
async def test_while_the_database_is_away_results_are_too(breaking: AsyncClient, path: str) -> None:
    answer = await breaking.get(path)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def test_the_example_is_one_of_what_is_answered() -> None:
    assert msgspec.json.decode(msgspec.json.encode(msgspec.convert(ANSWER, Results))) == ANSWER
    assert len(SHEET.splitlines()) == 5


def test_the_contract_is_documented(admin_app: FastAPI) -> None:
    documented = admin_app.openapi()["paths"]["/api/v1/experiments/{key}/results"]["get"]
    assert documented["responses"]["200"]["content"].keys() == {"application/json", "text/csv"}
    assert {parameter["name"] for parameter in documented["parameters"]} == {
        *("key", "by", "phase", "population", "complete", "format")
    }
