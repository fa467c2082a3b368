"""Buckets, pinned for ever: whoever moves one of these figures moves visitors between arms."""

from collections import Counter

import mmh3
import pytest

from app.engine.bucketing import BUCKETS, arm_bounds, bucket_of, share_bound

PUBLISHED = [
    ("", 0x00000000),
    ("a", 0x3C2569B2),
    ("ab", 0x9BBFD75F),
    ("abc", 0xB3DD93FA),
    ("abcd", 0x43ED676A),
    ("aaaa", 0x7EEED987),
    ("hello", 0x248BFA47),
    ("hello, world", 0x149BBB7F),
    ("Hello, world!", 0xC0363E43),
    ("19 Jan 2038 at 3:14:07 AM", 0xE31E8A70),
    ("The quick brown fox jumps over the lazy dog", 0x2E4FF723),
]

COMMITTED = [
    ("hero-copy", "arm", "v-1", 9656),
    ("hero-copy", "arm", "v-2", 993),
    ("hero-copy", "arm", "v-3", 1855),
    ("hero-copy", "arm", "v-123", 4311),
    ("hero-copy", "arm", "user@example.org", 6053),
    ("hero-copy", "arm", "0193a7c2-6f4e-7c1a-9d2b-3e5f60718293", 2446),
    ("hero-copy", "arm", "Zoë", 3160),
    ("hero-copy", "arm", "訪客", 9731),
    ("hero-copy", "arm", "🛒", 361),
    ("hero-copy", "arm", "", 4959),
    ("hero-copy", "arm", " ", 8980),
    ("hero-copy", "arm", "a:b", 1634),
    ("hero-copy", "arm", "x" * 128, 738),
    ("hero-copy", "traffic", "v-1", 6057),
    ("hero-copy", "traffic", "v-2", 5237),
    ("hero-copy", "traffic", "v-3", 5741),
    ("hero-copy", "traffic", "v-123", 8117),
    ("hero-copy", "traffic", "Zoë", 4919),
    ("hero", "group", "v-1", 4939),
    ("hero", "group", "v-2", 3141),
    ("hero", "group", "v-3", 2295),
    ("hero", "group", "v-123", 2242),
    ("hero", "group", "🛒", 9484),
    ("2026q4", "holdout", "v-1", 4159),
    ("2026q4", "holdout", "v-2", 3248),
    ("2026q4", "holdout", "v-3", 439),
    ("2026q4", "holdout", "v-123", 8280),
    ("2026q4", "holdout", "訪客", 3763),
    ("", "arm", "v-1", 693),
    ("", "arm", "", 9697),
    ("größe", "arm", "v-1", 339),
    ("hero-copy-2", "arm", "v-1", 7565),
    ("edge", "arm", "u4169", 0),
    ("edge", "arm", "u1594", 9999),
]


@pytest.mark.parametrize(("text", "hash_"), PUBLISHED)
def test_the_hash_is_the_published_murmur3(text: str, hash_: int) -> None:
    assert mmh3.hash(text, 0, signed=False) == hash_


@pytest.mark.parametrize(("salt", "purpose", "unit", "bucket"), COMMITTED)
def test_a_unit_keeps_its_bucket_for_ever(salt: str, purpose: str, unit: str, bucket: int) -> None:
    assert bucket_of(unit, salt=salt, purpose=purpose) == bucket


def test_buckets_scale_the_whole_range_of_the_hash() -> None:
    for number in range(2_000):
        hashed = mmh3.hash(f"s:arm:unit-{number}", 0, signed=False)
        assert bucket_of(f"unit-{number}", salt="s", purpose="arm") == hashed * BUCKETS // 2**32


def test_every_bucket_is_used_about_equally() -> None:
    tenths = Counter(bucket_of(f"v-{n}", salt="even", purpose="arm") // 1_000 for n in range(50_000))

    assert sorted(tenths) == list(range(10))
    # Six standard deviations of a binomial count of 50,000 at one in ten.
    assert all(abs(count - 5_000) < 6 * 67 for count in tenths.values())


@pytest.mark.parametrize(
    ("percent", "bound"),
    [(0, 0), (100, 10_000), (50, 5_000), (0.01, 1), (0.29, 29), (33.33, 3_333), (1.15, 115), (99.99, 9_999)],
)
def test_a_percentage_ends_at_its_bucket(percent: float, bound: int) -> None:
    assert share_bound(percent) == bound


@pytest.mark.parametrize(
    ("weights", "bounds"),
    [
        ([1], (10_000,)),
        ([1, 1], (5_000, 10_000)),
        ([1, 1, 1], (3_333, 6_666, 10_000)),
        ([1, 2], (3_333, 10_000)),
        ([1] * 7, (1_428, 2_857, 4_285, 5_714, 7_142, 8_571, 10_000)),
        ([0.1, 0.2, 0.7], (1_000, 3_000, 10_000)),
        ([0.7, 0.1, 0.1, 0.1], (7_000, 8_000, 9_000, 10_000)),
        ([0.29, 0.71], (2_900, 10_000)),
        ([0, 1], (0, 10_000)),
        ([1, 0], (10_000, 10_000)),
        ([0, 0, 5, 0], (0, 0, 10_000, 10_000)),
        ([1, 99_999], (0, 10_000)),
        ([99_999, 1], (9_999, 10_000)),
        ([1e-9, 1e9], (0, 10_000)),
        ([1e308, 1e308], (5_000, 10_000)),
        ([33.3, 33.3, 33.4], (3_330, 6_660, 10_000)),
    ],
)
def test_arms_end_at_the_floor_of_their_cumulative_share(
    weights: list[float], bounds: tuple[int, ...]
) -> None:
    assert arm_bounds(weights) == bounds


@pytest.mark.parametrize("arms", [2, 3, 6, 7, 9, 11, 13, 97])
def test_equal_weights_differ_by_one_bucket_at_most(arms: int) -> None:
    bounds = arm_bounds([0.1] * arms)
    sizes = [end - start for start, end in zip((0, *bounds), bounds, strict=False)]

    assert sum(sizes) == BUCKETS
    assert max(sizes) - min(sizes) <= 1
