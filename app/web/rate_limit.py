"""How often a key may ask and what it has left, in words that clients can read."""

from math import ceil, floor

from app.kit.token_bucket import TokenBucket


def allowance_of(bucket: TokenBucket, per_s: float) -> dict[str, str]:
    """Tell what is left in a bucket, as headers.

    Source: draft-ietf-httpapi-ratelimit-headers-10. `q` requests in `w` seconds are allowed, rounded so that
    no more is promised than is given; `r` are left now, and all of them again in `t` seconds.
    """
    quota, window_s = (floor(per_s), 1) if per_s >= 1 else (1, ceil(1 / per_s))
    return {
        "RateLimit-Policy": f'"key";q={quota};w={window_s}',
        "RateLimit": f'"key";r={bucket.left};t={ceil(bucket.full_in_s)}',
    }
