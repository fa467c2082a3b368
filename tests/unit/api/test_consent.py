import pytest

from app.api.consent import granted
from app.api.wire import ConsentBody
from tests.builders import ruleset
from tests.unit.api.edge import live_site


def defaults(personalization: str, analytics: str) -> dict[str, object]:
    return {"consent": {"personalization": personalization, "analytics": analytics}}


@pytest.mark.parametrize(
    ("personalization", "analytics", "purposes"),
    [
        (None, None, {"personalization"}),
        (True, True, {"personalization", "analytics"}),
        (False, None, set()),
        (False, True, {"analytics"}),
        (None, False, {"personalization"}),
    ],
)
def test_what_the_visitor_says_counts_and_else_the_sites_default(
    personalization: bool | None,  # noqa: FBT001 - it comes from the table above
    analytics: bool | None,  # noqa: FBT001 - it comes from the table above
    purposes: set[str],
) -> None:
    site = live_site(ruleset(site=defaults("granted", "denied")))

    assert granted(ConsentBody(personalization, analytics), site) == purposes


def test_before_anything_is_published_both_are_granted_unless_denied() -> None:
    assert granted(ConsentBody(), live_site()) == {"personalization", "analytics"}
    assert granted(ConsentBody(analytics=False), live_site()) == {"personalization"}
