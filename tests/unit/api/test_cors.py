import pytest

from app.api.cors import allow_origin, answer_preflight
from app.rulesets.live import LiveRulesets
from app.web.problems import ForbiddenError
from tests.builders import ruleset
from tests.unit.api.edge import SHOP, SITE, live_site, request

OTHER = "https://other.example"


def allowed(origin: str | None, origins: list[str], **headers: str) -> dict[str, str]:
    asked = request(headers=headers if origin is None else {"Origin": origin, **headers})
    site = live_site(ruleset(site={"origins": origins}))
    return {name.decode(): value.decode() for name, value in allow_origin(asked, site)}


def preflight(origin: str | None, origins: list[str], **headers: str) -> dict[str, str]:
    asked = request(method="OPTIONS", headers=headers if origin is None else {"Origin": origin, **headers})
    rulesets = LiveRulesets()
    rulesets.replace({SITE: live_site(ruleset(site={"origins": origins}))})
    return {name.decode(): value.decode() for name, value in answer_preflight(asked, rulesets)}


def test_who_comes_from_no_page_needs_no_permission() -> None:
    assert allowed(None, [SHOP]) == {}


@pytest.mark.parametrize("origins", [[SHOP], [OTHER, SHOP], ["*"]])
def test_a_page_of_a_listed_origin_may_read_the_answer(origins: list[str]) -> None:
    headers = allowed(SHOP, origins)

    assert headers["access-control-allow-origin"] == SHOP
    assert headers["vary"] == "Origin"
    assert "x-request-id" in headers["access-control-expose-headers"]


@pytest.mark.parametrize("listed", ["https://Shop.Example", f"{SHOP}:443"])
def test_however_an_origin_is_written_it_is_found(listed: str) -> None:
    assert allowed(SHOP, [listed])["access-control-allow-origin"] == SHOP
    assert preflight(SHOP, [listed])["access-control-allow-origin"] == SHOP


def test_an_origin_that_is_listed_in_letters_of_its_language_is_found() -> None:
    said = "https://xn--bcher-kva.example"

    assert allowed(said, ["https://bücher.example"])["access-control-allow-origin"] == said


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "", SHOP + ".evil", SHOP + ":8443", SHOP.upper(), "https://shop"]
)
def test_a_page_of_any_other_origin_may_not_ask(origin: str) -> None:
    with pytest.raises(ForbiddenError, match="not among the site's origins"):
        allowed(origin, [SHOP])


def test_a_page_that_we_serve_ourselves_may_ask() -> None:
    assert allowed("http://127.0.0.1:8000", [], Host="127.0.0.1:8000")


def test_a_page_of_a_neighbour_on_our_host_may_not() -> None:
    with pytest.raises(ForbiddenError):
        allowed("http://127.0.0.1:8001", [], Host="127.0.0.1:8000")


def test_a_preflight_is_good_for_two_hours() -> None:
    headers = preflight(SHOP, [SHOP])

    assert headers == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type, x-request-id",
        "access-control-max-age": "7200",
        "vary": "Origin",
    }


def test_a_preflight_of_our_own_page_is_answered() -> None:
    assert preflight("http://127.0.0.1:8000", [], Host="127.0.0.1:8000")


@pytest.mark.parametrize("origin", [None, "", OTHER])
def test_a_preflight_of_anybody_else_is_refused(origin: str | None) -> None:
    with pytest.raises(ForbiddenError):
        preflight(origin, [SHOP])
