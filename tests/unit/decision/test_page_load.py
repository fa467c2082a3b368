import pytest
from msgspec.structs import replace

from app.decision.page_load import profile_key, unseen
from app.engine.consent import for_consent
from tests.unit.decision.asking import (
    page,
    viewed,
)


def test_a_visitor_has_a_profile_of_its_own_until_the_user_is_known() -> None:
    assert page().profile_key == profile_key("v-1", None) == "v-1"
    assert page(user="u-1").profile_key == profile_key("v-1", "u-1") == "$user:u-1"


@pytest.mark.parametrize(
    ("consent", "only"),
    [
        ({"personalization", "analytics"}, (False, False)),
        ({"analytics"}, (False, True)),
        ({"personalization"}, (True, False)),
    ],
)
def test_an_event_serves_what_the_visitor_agreed_to(consent: set[str], only: tuple[bool, bool]) -> None:
    [kept] = for_consent([viewed()], frozenset(consent))

    assert (kept.profile_only, kept.results_only) == only


def test_without_any_consent_no_event_is_kept() -> None:
    assert for_consent([viewed()], frozenset()) == []


def test_of_events_with_one_id_the_first_is_new() -> None:
    first, second = viewed("e-1"), viewed("e-1", trusted=True)

    assert unseen([first, second, viewed("e-2"), viewed("e-3")], frozenset({"e-2"})) == [first, viewed("e-3")]


def test_new_events_stand_in_the_order_in_which_profiles_are_the_fold_of_them() -> None:
    late = viewed("e-3")
    early, earliest = replace(viewed("e-2"), at_ms=late.at_ms - 1), replace(late, id="e-9", at_ms=1)

    assert unseen([late, viewed("e-1"), early, earliest], frozenset()) == [
        earliest,
        early,
        viewed("e-1"),
        late,
    ]
