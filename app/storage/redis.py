"""How Valkey or Redis is reached."""

from redis.asyncio import Redis


def open_redis(redis_url: str) -> "Redis":
    """Make a client of binary values; it connects when first used and again after a fault."""
    return Redis.from_url(redis_url, protocol=3, socket_connect_timeout=0.5)
