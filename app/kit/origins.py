"""Origins of pages."""

import idna

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def as_browsers_say(origin: str) -> str:
    """Write an origin as browsers send it: in lower case, in ASCII, and without its scheme's own port.

    One of which no browser can make ASCII stays as it is: no page is of it.
    """
    lowered = origin.lower()
    plain = lowered.removesuffix(_DEFAULT_PORTS.get(lowered.partition("://")[0], ""))
    return plain if plain.isascii() else _in_ascii(plain)


def _in_ascii(origin: str) -> str:
    """Write the host as its name in DNS (UTS 46, not transitional)."""
    scheme, mark, place = origin.partition("://")
    host, colon, port = place.partition(":")
    try:
        labels = idna.uts46_remap(host, std3_rules=False).split(".")
    except idna.IDNAError:
        return origin
    return f"{scheme}{mark}{'.'.join(map(_label, labels))}{colon}{port}"


def _label(text: str) -> str:
    return text if text.isascii() else f"xn--{text.encode('punycode').decode('ascii')}"
