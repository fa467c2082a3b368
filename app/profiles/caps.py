"""How often capped rules were shown, counted in Valkey in one atomic step with the question."""

from collections.abc import Sequence

from app.engine.decision import CapAsked
from app.engine.ruleset import CompiledCap
from app.profiles.loaded import ProfilesUnavailable
from app.profiles.redis import AWAY, cap_keys
from app.profiles.script import Script
from app.storage.valkey import Valkey

# What the profile knows of counts where Valkey has forgotten it, and where a merge brought it from elsewhere:
# what is not counted yet, by instant, is added. The newest deliveries are kept, as many as a cap can count.
_RESERVE = """
local refused = {}
for i, key in ipairs(KEYS) do
    local count, since, ttl_ms = tonumber(ARGV[4 * i - 1]), ARGV[4 * i], ARGV[4 * i + 1]
    local counted = redis.call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES')
    local counted_at, known_at, added = {}, {}, 0
    for n = 2, #counted, 2 do
        local ms = tonumber(counted[n])
        counted_at[ms] = (counted_at[ms] or 0) + 1
    end
    for told in string.gmatch(ARGV[4 * i + 2], '%d+') do
        local ms = tonumber(told)
        local nth = (known_at[ms] or 0) + 1
        known_at[ms] = nth
        if nth > (counted_at[ms] or 0) then
            added = added + redis.call('ZADD', key, told, 'known:' .. told .. ':' .. nth)
        end
    end
    local has_room = #counted / 2 + added < count
    if has_room then
        redis.call('ZADD', key, ARGV[2], ARGV[1])
    else
        refused[#refused + 1] = i
    end
    if has_room or added > 0 then
        redis.call('ZREMRANGEBYRANK', key, 0, -1001)
        redis.call('PEXPIRE', key, ttl_ms)
    end
end
return refused
"""


class RedisCaps:
    """The caps that decisions keep to. Every call keeps to `budget_s` or raises ProfilesUnavailable.

    What has no end in time is kept for `ttl_s` after the latest delivery; then the profile alone knows of it.
    """

    def __init__(self, valkey: Valkey, *, budget_s: float, ttl_s: int) -> None:
        self._ttl_ms = ttl_s * 1_000
        self._reserve = Script(valkey, _RESERVE, within_s=budget_s)

    async def reserve(
        self, site: int, visitor: str, decision_id: str, asked: Sequence[CapAsked], now_ms: int
    ) -> frozenset[str]:
        """Take one delivery of each rule that has one left, and name the others."""
        keys = cap_keys(site, visitor, [one.rule for one in asked])
        args = [arg for one in asked for arg in self._args(one.cap, one.delivered, now_ms)]
        try:
            refused = await self._reserve.run(keys, decision_id, now_ms, *args)
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error
        return frozenset(asked[place - 1].rule for place in refused)

    def _args(self, cap: CompiledCap, delivered: Sequence[int], now_ms: int) -> tuple[str | int, ...]:
        within = delivered[cap.first_within(delivered, now_ms) :]
        since = "-inf" if cap.per_ms is None else f"({now_ms - cap.per_ms}"
        return cap.count, since, cap.per_ms or self._ttl_ms, " ".join(map(str, within))
