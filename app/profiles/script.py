"""A Lua script in Valkey whose calls of one event-loop turn go out together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.kit.breaker import Breaker
from app.kit.coalesced import Coalesced


class _Call(NamedTuple):
    """One call: equal ones of one turn are made once."""

    keys: tuple[str, ...]
    args: tuple[Any, ...]


class Script:
    """Runs atomically on the keys of one visitor."""

    def __init__(self, redis: Redis, source: str, *, within_s: float, breaker: Breaker) -> None:
        self._redis = redis
        self._script = redis.register_script(source)
        self._calls = Coalesced(self._run, within_s=within_s, breaker=breaker)

    async def run(self, keys: Sequence[str], *args: object) -> Any:
        """Answer what the script returns; raises RedisError, OSError or TimeoutError."""
        [answer] = await self._calls.find_many([_Call(tuple(keys), args)])
        if isinstance(answer, RedisError):
            raise answer
        return answer

    async def _run(self, calls: Sequence[_Call]) -> dict[_Call, Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for call in calls:
                await self._script(keys=call.keys, args=call.args, client=pipeline)
            return dict(zip(calls, await pipeline.execute(raise_on_error=False), strict=True))
