import pytest

from app.kit.origins import as_browsers_say


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://Shop.Example", "https://shop.example"),
        ("HTTPS://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:80", "https://shop.example:80"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("*", "*"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(written: str, said: str) -> None:
    assert as_browsers_say(written) == said
