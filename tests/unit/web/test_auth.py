import pytest

from app.web.auth import bearer_of


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer sk_1", "sk_1"),
        ("bearer sk_1", "sk_1"),
        ("BEARER   sk_1 ", "sk_1"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic c2tfMQ==", None),
        ("sk_1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_is_brought_as_a_bearer(header: str | None, key: str | None) -> None:
    assert bearer_of(header) == key
