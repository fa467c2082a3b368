"""How Valkey or Redis is reached."""

from redis.asyncio import BlockingConnectionPool, Redis

# Far more than ever answer at the same instant; whoever finds all of them busy is not refused but waits.
_CONNECTIONS = 64


def open_redis(redis_url: str) -> Redis:
    """Make a client of binary values; it connects when first used and again after a fault.

    It does not say how long a call may take: its caller's deadline does.
    """
    pool = BlockingConnectionPool.from_url(
        redis_url, protocol=3, socket_connect_timeout=0.5, max_connections=_CONNECTIONS, timeout=None
    )
    return Redis.from_pool(pool)
