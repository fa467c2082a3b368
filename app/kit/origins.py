"""Origins of pages."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def as_browsers_say(origin: str) -> str:
    """Write an origin as browsers send it: in lower case, and without the port that its scheme has anyway."""
    lowered = origin.lower()
    return lowered.removesuffix(_DEFAULT_PORTS.get(lowered.partition("://")[0], ""))
