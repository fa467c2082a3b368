import pytest

from app.web.keyring import Caller, KeyKind, Keyring, Role, hash_of, new_key
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

    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "1"})
    clock.now_s += 0.5
    keyring.admit(caller("k-1"))


def test_seconds_to_wait_are_whole_and_enough() -> None:
    clock = Clock()
    keyring = Keyring(0.4, clock=clock)
    keyring.admit(caller("k-1"))

    with pytest.raises(TooManyRequestsError) as caught:
        keyring.admit(caller("k-1"))

    assert caught.value.headers == {"Retry-After": "3"}
    clock.now_s += 3
    keyring.admit(caller("k-1"))


def test_a_key_takes_nothing_from_another() -> None:
    keyring = Keyring(1, clock=Clock())
    keyring.admit(caller("k-1"))
    for _ in range(100):
        with pytest.raises(TooManyRequestsError):
            keyring.admit(caller("k-1"))

    keyring.admit(caller("k-2"))
