"""What somebody looks at a page with: `mobile`, `tablet`, `desktop` or, where it is none of them, `other`."""

import re

OTHER = "other"

# The first that is found counts: the screens that pass for something else, then the smaller within the larger
# (an iPad says Mobile too, a phone Android too, and of Android's own browsers a tablet's never says Mobile).
_DEVICES = (
    (re.compile(r"TV(?![a-z])|BRAVIA|\bAFT[A-Z]|CrKey|\bVR\b|Xbox|PlayStation|Nintendo"), OTHER),
    (re.compile(r"iPad|Tablet(?! PC)|PlayBook|Kindle"), "tablet"),
    (re.compile(r"Mobi|iPhone|iPod|Windows Phone|Opera Mini"), "mobile"),
    (re.compile(r"Android"), "tablet"),
    (re.compile(r"Windows|Macintosh|CrOS|X11|Linux x86_64"), "desktop"),
)
_PLATFORMS = {
    "Android": "tablet",
    "iOS": "mobile",
    "Chrome OS": "desktop",
    "Chromium OS": "desktop",
    "Linux": "desktop",
    "macOS": "desktop",
    "Windows": "desktop",
}


def device_of(user_agent: str) -> str:
    """Tell the device by a User-Agent. A new iPad asks for desktop sites and passes for a Mac."""
    return next((device for pattern, device in _DEVICES if pattern.search(user_agent)), OTHER)


def hinted_device(mobile: str | None, platform: str | None) -> str:
    """Tell the device by `Sec-CH-UA-Mobile` and `Sec-CH-UA-Platform`, which Chromium sends unasked."""
    if mobile == "?1":
        return "mobile"
    return _PLATFORMS.get((platform or "").strip('"'), OTHER)
