"""A process that decides, as far as profiles go."""

from contextlib import suppress

from app.engine.profile import Profile
from app.profiles.hot import Hot
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.redis import RedisProfiles, profile_key
from app.storage.valkey import Valkey
from tests.waiting import until

KEY = profile_key(1, "v-1")


class Nobody:
    """Durable profiles of which there are none."""

    async def find(self, _site: int, _visitor: str) -> Profile | None:
        return None


class Worker:
    """A process that decides, with its own connection and its own profiles at hand."""

    def __init__(self, url: str, budget_s: float = 10) -> None:
        self.hot = Hot(1_000)
        self.valkey = Valkey(url, copies=self.hot)
        self.profiles = RedisProfiles(self.valkey, Nobody(), budget_s=budget_s, ttl_s=1_000, hot=self.hot)  # type: ignore[arg-type] # of the durable profiles only `find` is used here

    def at_hand(self) -> Profile | None:
        held = self.profiles.find_hot(1, "v-1")
        return None if held is None else held.profile

    async def load(self) -> Loaded:
        return await self.profiles.load(1, "v-1")

    async def save(self, first_ms: int) -> None:
        assert await self.profiles.save(1, "v-1", await self.load(), Profile(first_ms=first_ms))

    async def has_at_hand(self, first_ms: int) -> None:
        """Wait until it has loaded a profile and holds it."""

        async def holds() -> bool:
            with suppress(ProfilesUnavailable):
                await self.load()
            return self.at_hand() == Profile(first_ms=first_ms)

        await until(holds)

    async def sign(self) -> None:
        """Have the server give a sign of life: what it had told before that has come."""
        await self.valkey.ask(("PING",), key=KEY, within_s=10).wait()

    async def drops(self) -> None:
        """Wait until the word of a change has come."""

        async def has_dropped() -> bool:
            await self.sign()
            return KEY not in {*self.hot._young, *self.hot._old}

        await until(has_dropped)
