import pytest

from app.api.device import device_of, hinted_device

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"


@pytest.mark.parametrize(
    "user_agent",
    [
        f"{ANDROID} Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (iPod touch; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15",
        "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
        "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Edge/15.14977",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.5.25 Version/10.54",
        "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    ],
)
def test_a_phone_is_mobile(user_agent: str) -> None:
    assert device_of(user_agent) == "mobile"


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
        f"{ANDROID} Safari/537.36",
        "Mozilla/5.0 (Android 14; Tablet; rv:132.0) Gecko/132.0 Firefox/132.0",
        "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 Silk/120.2 like Chrome/120.0",
    ],
)
def test_a_tablet_is_a_tablet(user_agent: str) -> None:
    assert device_of(user_agent) == "tablet"


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.6 Safari/605.1.15",
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/129.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; FreeBSD amd64; rv:120.0) Gecko/20100101 Firefox/120.0",
    ],
)
def test_a_computer_is_a_desktop(user_agent: str) -> None:
    assert device_of(user_agent) == "desktop"


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 Version/6.0 TV Safari/537.36",
        "Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH2) AppleWebKit/537.36 Chrome/110.0.0.0",
        "Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 Silk/120.2 like Chrome/120.0",
        "AppleTV11,1/11.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 Edge/44.18363.8131",
        "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15",
        f"{ANDROID} VR Safari/537.36",
        "curl/8.9.1",
        "",
    ],
)
def test_televisions_consoles_and_programs_are_something_else(user_agent: str) -> None:
    assert device_of(user_agent) == "other"


@pytest.mark.parametrize(
    ("mobile", "platform", "device"),
    [
        ("?1", '"Android"', "mobile"),
        ("?1", None, "mobile"),
        ("?0", '"Android"', "tablet"),
        ("?0", '"Windows"', "desktop"),
        (None, '"macOS"', "desktop"),
        ("?0", '"Fuchsia"', "other"),
        ("garbage", "\x00" * 9_999, "other"),
        (None, None, "other"),
    ],
)
def test_a_browser_may_hint_at_its_device(mobile: str | None, platform: str | None, device: str) -> None:
    assert hinted_device(mobile, platform) == device
