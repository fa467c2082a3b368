"""What conditions can ask of a request: from the body and, for a page's own request, from its headers."""

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.api.request import Request
from app.api.wire import ContextBody
from app.engine.context import ZONE

_QUERY_FIELDS = 100


def context_of(body: ContextBody, request: Request | None) -> dict[str, Any]:
    """Gather the context; `request` is None where a server asks, whose headers say nothing of its visitor."""
    context: dict[str, Any] = {"attributes": body.attributes}
    for name in ("device", "country", "locale"):
        value = getattr(body, name)
        if value is not None:
            context[name] = value
    if "locale" not in context and request is not None:
        context["locale"] = _first_language(request.header(b"accept-language"))
    if body.timezone is not None and (zone := _zone(body.timezone)) is not None:
        context["timezone"] = body.timezone
        context[ZONE] = zone
    url = body.url if body.url is not None or request is None else request.header(b"referer")
    if url is not None:
        context |= _address(url)
    if body.referrer:
        context["referrer"] = {"host": _host(body.referrer)}
    return context


def _first_language(header: str | None) -> str | None:
    """Take the language a browser lists first, which is the one it wants most."""
    first = (header or "").partition(",")[0].partition(";")[0].strip()
    return first if first and first != "*" else None


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _address(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        query = dict(reversed(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_QUERY_FIELDS)))
    except ValueError:
        # A URL that cannot be read says nothing; the page gets its answer all the same.
        return {}
    utm = {name.removeprefix("utm_"): value for name, value in query.items() if name.startswith("utm_")}
    return {"url": {"path": parts.path or "/", "host": parts.hostname, "query": query}, "utm": utm}


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
