from typing import Any

import msgspec
import pytest

from app.engine.compile import compile_ruleset, parse_document
from loadtests.demo_site import EXPERIMENTS, STAGES, demo_site
from loadtests.headlines import OWN_GROUPS
from loadtests.mapping import PAGES


@pytest.fixture
def site() -> dict[str, Any]:
    return demo_site(OWN_GROUPS)


def test_the_demo_site_can_be_published(site: dict[str, Any]) -> None:
    assert compile_ruleset(parse_document(site), 1).revision == 1


def test_it_is_plain_json(site: dict[str, Any]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(site)) == site


def test_it_has_a_journey_with_all_five_stages(site: dict[str, Any]) -> None:
    (journey,) = site["journeys"]
    assert tuple(stage["key"] for stage in journey["stages"]) == STAGES
    assert len(STAGES) == 5


def test_it_is_large_enough_to_be_a_site(site: dict[str, Any]) -> None:
    assert len(site["segments"]) >= 6
    assert len(site["rules"]) >= 8
    assert [experiment["key"] for experiment in site["experiments"]] == list(EXPERIMENTS[:2])


def test_it_has_every_placement_that_a_page_asks_for(site: dict[str, Any]) -> None:
    known = {placement["key"] for placement in site["placements"]}
    assert {placement for page in PAGES.values() for placement in page.placements} == known


def test_the_headlines_are_what_its_experiments_compare() -> None:
    site = demo_site([("A", "B"), ("C", "D", "E")])
    titles = {
        placement["key"]: {v["key"]: v["content"]["title"] for v in placement["variants"]}
        for placement in site["placements"]
    }
    assert [titles["home.hero"][key] for key in ("headline-a", "headline-b")] == ["A", "B"]
    assert [titles["site.banner"][key] for key in ("banner-a", "banner-b")] == ["C", "D"]


def test_without_headlines_given_it_finds_some() -> None:
    assert compile_ruleset(parse_document(demo_site()), 1).experiments.keys() == {"hero-copy", "banner-order"}
