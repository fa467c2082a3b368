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
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://straße.example:8443", "https://xn--strae-oqa.example:8443"),
        ("https://my_shop.bu\u0308cher.example:443", "https://my_shop.xn--bcher-kva.example"),
        ("https://例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("https://i❤.ws", "https://xn--i-7iq.ws"),
        ("https://\ufffd.example", "https://\ufffd.example"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(written: str, said: str) -> None:
    assert as_browsers_say(written) == said
