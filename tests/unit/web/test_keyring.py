import pytest

from app.web.keyring import KeyKind, Keyring, Role, hash_of, new_key


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
