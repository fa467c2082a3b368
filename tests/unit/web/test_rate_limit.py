import pytest

from app.kit.token_bucket import TokenBucket
from app.web.rate_limit import allowance_of


@pytest.mark.parametrize(
    ("per_s", "policy"),
    [(50, "q=50;w=1"), (2.9, "q=2;w=1"), (1, "q=1;w=1"), (0.4, "q=1;w=3"), (0.001, "q=1;w=1000")],
)
def test_a_policy_promises_no_more_than_is_given(per_s: float, policy: str) -> None:
    assert allowance_of(TokenBucket(per_s, 0), per_s)["RateLimit-Policy"] == f'"key";{policy}'


def test_what_is_left_is_told_request_by_request() -> None:
    bucket, told = TokenBucket(3, 0), []
    for _ in range(4):
        bucket.take(0)
        told.append(allowance_of(bucket, 3)["RateLimit"])

    assert told == ['"key";r=2;t=1', '"key";r=1;t=1', '"key";r=0;t=1', '"key";r=0;t=1']


def test_where_nothing_is_left_for_long_it_says_for_how_long() -> None:
    bucket = TokenBucket(0.1, 0)
    bucket.take(0)
    bucket.take(4)

    assert allowance_of(bucket, 0.1)["RateLimit"] == '"key";r=0;t=6'
