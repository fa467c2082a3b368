"""Which pages may ask from a browser."""

from app.api.request import Request
from app.rulesets.live import LiveRulesets, LiveSite
from app.web.problems import ForbiddenError

Headers = list[tuple[bytes, bytes]]

_VARY = (b"vary", b"Origin")
_EXPOSED = b"x-request-id, server-timing, retry-after, ratelimit, ratelimit-policy"
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
    (b"access-control-max-age", b"7200"),
    _VARY,
]


def allow_origin(request: Request, site: LiveSite) -> Headers:
    """Let a page of one of the site's origins read the answer; requests that come from no page need nothing.

    Raises:
        ForbiddenError: for a page of any other origin, before anything is decided or written.

    """
    origin = request.header(b"origin")
    if origin is None:
        return []
    if origin in site.origins or "*" in site.origins or _is_our_own(origin, request):
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _EXPOSED),
            _VARY,
        ]
    raise ForbiddenError(f"pages of {origin} may not ask: it is not among the site's origins")


def answer_preflight(request: Request, rulesets: LiveRulesets) -> Headers:
    """Answer a browser that asks whether it may ask. It sends no key, so any site's origin will do."""
    origin = request.header(b"origin")
    if origin is None or not (rulesets.lists_origin(origin) or _is_our_own(origin, request)):
        raise ForbiddenError("pages of this origin may not ask")
    return [(b"access-control-allow-origin", origin.encode("latin-1")), *_PREFLIGHT]


def _is_our_own(origin: str, request: Request) -> bool:
    host = request.header(b"host")
    return host is not None and origin.partition("://")[2] == host
