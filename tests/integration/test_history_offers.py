"""How profiles are offered to be filled in, and what may get in the way."""

from collections.abc import Sequence

import pytest

from app.engine.profile import Profile
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.redis import RedisProfiles
from tests.integration.filling import AFTER, Filling, always


class Elsewhere:
    """A cache that is away, or in which somebody is quicker every time."""

    def __init__(self, behind: RedisProfiles, error: Exception | None = None) -> None:
        self._behind = behind
        self.error = error

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        if self.error is not None:
            raise self.error
        return await self._behind.load(site, visitor, event_ids)

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        await self._behind.save(site, visitor, loaded, loaded.profile, event_ids)
        return await self._behind.save(site, visitor, loaded, profile, event_ids)


async def test_who_was_quicker_is_not_overwritten(filling: Filling) -> None:
    await filling.happen_and_ship(*filling.some())
    filling.shipped.rules = AFTER
    history = filling.new_history(Elsewhere(filling.cache))

    await filling.fill(histories=[history])

    assert (history.filled, history.failed) == (0, 0)
    assert not AFTER.has_counted((await filling.cached()).profile)
    await filling.fill()
    assert AFTER.has_counted((await filling.cached()).profile)


@pytest.mark.parametrize("error", [ProfilesUnavailable("away"), OSError("gone"), ZeroDivisionError()])
async def test_a_failure_is_counted_and_ends_nothing(filling: Filling, error: Exception) -> None:
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    history = filling.new_history(Elsewhere(filling.cache, error))

    await filling.fill("v-1", "v-2", histories=[history])
    await filling.fill("v-1", histories=[history])

    assert (history.filled, history.failed) == (0, 2)
    assert (await filling.durable()).counters == always(events).counters


@pytest.mark.parametrize("error", [ProfilesUnavailable("away"), OSError("gone")])
async def test_what_is_away_is_told_once_for_however_many_visitors_and_once_that_it_is_back(
    filling: Filling, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "app.profiles.history")
    await filling.happen_and_ship(*filling.some())
    filling.shipped.rules = AFTER
    cache = Elsewhere(filling.cache, error)
    history = filling.new_history(cache)

    for _ in range(3):
        await filling.fill(histories=[history])
    cache.error = None
    for _ in range(3):
        await filling.fill(histories=[history])

    assert history.failed == 3
    assert caplog.messages == [
        f"filling in what is asked of the past failed; it will be tried again: {error!r}",
        "filling in what is asked of the past works again",
    ]


async def test_a_profile_waits_once_however_often_it_is_offered(filling: Filling) -> None:
    history = filling.new_history(waiting=2)

    for _ in range(5):
        history.offer(filling.shipped.site, "v-1")
    history.offer(filling.shipped.site, "v-2")
    assert history.refused == 0

    history.offer(filling.shipped.site, "v-3")
    history.offer(filling.shipped.site, "v-3")
    assert history.refused == 2


async def test_what_was_refused_may_be_offered_again(filling: Filling) -> None:
    history = filling.new_history(waiting=1)
    history.offer(filling.shipped.site, "v-2")
    history.offer(filling.shipped.site, "v-1")
    assert history.refused == 1
    events = filling.some()
    await filling.happen_and_ship(*events)
    filling.shipped.rules = AFTER
    await filling.fill("v-2", histories=[history])

    await filling.fill("v-1", histories=[history])

    assert (history.filled, history.refused) == (1, 1)
