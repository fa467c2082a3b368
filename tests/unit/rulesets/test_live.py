from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets, LiveSite
from tests.builders import ruleset


def site(number: int, published: Ruleset | None = None) -> LiveSite:
    return LiveSite(number, f"site-{number}", "secret", published)


def live(*sites: LiveSite) -> LiveRulesets:
    rulesets = LiveRulesets()
    rulesets.replace({site.id: site for site in sites})
    return rulesets


def test_nothing_is_in_force_at_first() -> None:
    rulesets = LiveRulesets()

    assert rulesets.all() == {}
    assert rulesets.find(1) is None
    assert not rulesets.lists_origin("https://shop.example")


def test_a_site_is_found_by_its_number() -> None:
    rulesets = live(site(1), shop := site(2, ruleset()))

    assert rulesets.find(2) is shop
    assert rulesets.ruleset_of(2) is shop.ruleset


def test_a_site_that_published_nothing_is_known_and_has_no_ruleset() -> None:
    rulesets = live(site(1))

    assert rulesets.find(1) == site(1)
    assert rulesets.ruleset_of(1) is None


def test_other_sites_take_the_place_of_all_at_once() -> None:
    rulesets = live(site(1), site(2))

    rulesets.replace({3: site(3)})

    assert set(rulesets.all()) == {3}


def test_who_holds_a_site_keeps_it_as_it_was() -> None:
    rulesets = live(site(1, first := ruleset()))
    held = rulesets.find(1)

    rulesets.replace({1: site(1, ruleset())})

    assert held is not None
    assert held.ruleset is first


def test_a_site_lets_pages_of_its_own_origins_ask() -> None:
    shop = site(1, ruleset(site={"origins": ["https://shop.example"]}))

    assert shop.origins == ("https://shop.example",)
    assert live(site(2), shop).lists_origin("https://shop.example")
    assert not live(site(2), shop).lists_origin("https://other.example")


def test_before_its_first_revision_a_site_lets_no_page_ask() -> None:
    assert site(1).origins == ()


def test_a_star_lets_pages_of_every_origin_ask() -> None:
    assert live(site(1, ruleset(site={"origins": ["*"]}))).lists_origin("https://other.example")
