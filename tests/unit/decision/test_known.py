"""Who asks: read without waiting where they are at hand."""

import pytest

from app.decision.known import Known, load_known
from app.engine.profile import Profile
from tests.fakes import FakeProfiles
from tests.unit.decision.asking import SITE, Asking, page, telling, viewed

USER = "$user:u-1"


async def held(*visitors: str) -> FakeProfiles:
    """A store of the visitor and the user, some of whom it has at hand."""
    profiles = FakeProfiles(keeps_hot=True)
    for first_ms, visitor in enumerate(("v-1", USER), start=1):
        await profiles.save(SITE, visitor, await profiles.load(SITE, visitor), Profile(first_ms=first_ms))
    for visitor in visitors:
        await profiles.load(SITE, visitor)
    profiles.reads.clear()
    return profiles


def first_ms(known: Known) -> list[int | None]:
    return [None if one is None else one.profile.first_ms for one in (known.own, known.device)]


@pytest.mark.parametrize("at_hand", [(), ("v-1",)])
async def test_a_visitor_is_read_only_where_not_at_hand(at_hand: tuple[str, ...]) -> None:
    profiles = await held(*at_hand)

    assert first_ms(await load_known(profiles, page())) == [1, None]
    assert len(profiles.reads) == 1 - len(at_hand)


async def test_with_events_everything_is_read_at_one_instant() -> None:
    profiles = await held("v-1", USER)

    assert first_ms(await load_known(profiles, page(events=[viewed()]))) == [1, None]
    assert first_ms(await load_known(profiles, page(events=[viewed()], user="u-1"))) == [2, 1]
    assert profiles.reads == [(SITE, "v-1"), (SITE, USER), (SITE, "v-1")]


@pytest.mark.parametrize("at_hand", [(), ("v-1",), (USER,), ("v-1", USER)])
async def test_a_user_and_their_device_are_read_unless_both_are_at_hand(at_hand: tuple[str, ...]) -> None:
    profiles = await held(*at_hand)

    assert first_ms(await load_known(profiles, page(user="u-1"))) == [2, 1]
    assert len(profiles.reads) == (0 if len(at_hand) == 2 else 2)


@pytest.mark.parametrize("user", [None, "u-1"])
async def test_where_the_store_is_away_nobody_is_known(user: str | None) -> None:
    profiles = await held("v-1", USER)
    profiles.away = True

    assert await load_known(profiles, page(user=user)) == Known(None)


async def test_a_decision_on_who_is_at_hand_sees_what_they_did_before() -> None:
    asking = Asking(telling(), FakeProfiles(keeps_hot=True))
    await asking.views("e-1")
    cold, warm = await asking.decide(), await asking.decide()

    assert cold.decision == warm.decision
    assert warm.decision.segments == ("viewed",)
    assert asking.profiles.reads == [(SITE, "v-1"), (SITE, "v-1")]
