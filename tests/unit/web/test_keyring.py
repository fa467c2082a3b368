import pytest

from app.web.keyring import Caller, KeyKind, Keyring, Role, hash_of, new_key
from app.web.pepper import pepper_of
from app.web.problems import TooManyRequestsError


def test_each_role_reaches_further_than_those_before() -> None:
    assert Role.VIEWER < Role.EDITOR < Role.PUBLISHER < Role.ADMIN


@pytest.mark.parametrize(("kind", "prefix"), [("public", "pk_"), ("secret", "sk_")])
def test_a_key_shows_its_kind_and_carries_256_bits(kind: KeyKind, prefix: str) -> None:
    key = new_key(kind)
    assert key.startswith(prefix)
    assert len(key) == len(prefix) + 43


def test_no_two_keys_are_alike() -> None:
    assert len({new_key("secret") for _ in range(100)}) == 100


def test_the_hash_of_a_key_is_pinned_for_ever() -> None:
    # b2sum -l 256: another hash would lock everybody out.
    assert hash_of("sk_test").hex() == "39e7e7de3b0d5b759ce1eae49f5a515a716a9bbad6c2ef9e95939bec64d1277a"


def test_garbage_has_a_hash_too() -> None:
    assert len({hash_of(raw) for raw in ("", "\udc80", "ключ", "x" * 100_000)}) == 4


def test_an_empty_keyring_knows_nobody() -> None:
    assert Keyring().find("sk_test") is None


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def caller(key_id: str) -> Caller:
    return Caller(1, key_id, "public", None, "a page")


def test_nobody_is_limited_unless_that_is_said() -> None:
    keyring = Keyring()

    for _ in range(10_000):
        keyring.admit(caller("k-1"))

    assert keyring._buckets == {}


def test_a_key_that_asks_too_often_is_told_when_to_come_back() -> None:
    clock = Clock()
    keyring = Keyring(2, clock=clock)
    keyring.admit(caller("k-1"))
    keyring.admit(caller("k-1"))

    with pytest.raises(TooManyRequestsError, match="this key may ask 2 times a second here") as caught:
        keyring.admit(caller("k-1"))

    assert caught.value.status == 429
    assert caught.value.headers == {
        "Retry-After": "1",
        "RateLimit-Policy": '"key";q=2;w=1',
        "RateLimit": '"key";r=0;t=1',
    }
    clock.now_s += 0.5
    keyring.admit(caller("k-1"))


def test_seconds_to_wait_are_whole_and_enough() -> None:
    clock = Clock()
    keyring = Keyring(0.4, clock=clock)
    keyring.admit(caller("k-1"))

    with pytest.raises(TooManyRequestsError) as caught:
        keyring.admit(caller("k-1"))

    assert caught.value.headers["Retry-After"] == "3"
    clock.now_s += 3
    keyring.admit(caller("k-1"))


def test_a_key_takes_nothing_from_another() -> None:
    keyring = Keyring(1, clock=Clock())
    keyring.admit(caller("k-1"))
    for _ in range(100):
        with pytest.raises(TooManyRequestsError):
            keyring.admit(caller("k-1"))

    keyring.admit(caller("k-2"))


def ring(*callers: Caller, clock: Clock | None = None) -> Keyring:
    """A keyring of keys that are called like their ids."""
    made = Keyring(wall_clock=clock or Clock())
    made._callers = {hash_of(each.key_id): each for each in callers}
    return made


def test_what_is_left_is_told_to_whoever_was_admitted() -> None:
    keyring = Keyring(3, clock=Clock())
    keyring.admit(caller("k-1"))

    assert keyring.allowance(caller("k-1"))["RateLimit"] == '"key";r=2;t=1'
    assert ring().allowance(caller("k-1")) == {}


def test_a_key_is_good_until_the_very_instant_at_which_it_expires() -> None:
    clock = Clock()
    keyring = ring(Caller(1, "k-1", "secret", Role.ADMIN, "a CMS", 1_000.5), clock=clock)

    assert keyring.find("k-1") is not None
    clock.now_s = 1_000.499999
    assert keyring.find("k-1") is not None
    clock.now_s = 1_000.5
    assert keyring.find("k-1") is None
    clock.now_s = 2_000.0
    assert keyring.find("k-1") is None


def test_a_key_that_is_over_was_not_used() -> None:
    keyring = ring(Caller(1, "k-1", "secret", Role.ADMIN, "a CMS", 999.0), caller("k-2"))

    assert keyring.find("k-1") is None
    assert keyring.find("k-2") is not None
    assert keyring.used == {"k-2"}


def test_of_keys_that_are_unknown_nothing_is_remembered() -> None:
    keyring = ring(caller("k-1"))

    assert [keyring.find(f"sk_{n}") for n in range(100)] == [None] * 100
    assert (keyring._met, keyring.used) == ({}, set())


def test_new_keys_are_hashed_with_the_first_pepper_and_all_others_stay_known() -> None:
    new, old = pepper_of("new"), pepper_of("old")
    keyring = Keyring(peppers=(new, old))
    keyring._callers = {hash_of(key, way): caller(key) for key, way in (("a", new), ("b", old), ("c", None))}

    assert keyring.pepper is new
    assert [found.key_id for key in "abc" if (found := keyring.find(key))] == ["a", "b", "c"]


def test_without_a_pepper_keys_are_hashed_without_one() -> None:
    assert Keyring().pepper is None
