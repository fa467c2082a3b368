"""What conditions can ask of a request: from the body and, for a page's own request, from its headers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from app.api.device import OTHER, hinted_device
from app.api.language import preferred_language
from app.api.request import Request
from app.api.user_agent import LONGEST, agent_of
from app.api.whereabouts import NOWHERE, Whereabouts
from app.api.wire import ContextBody
from app.engine.context import ZONE
from app.kit.zones import zone_of

_QUERY_FIELDS = 100
_LONGEST_URL = 4_096


def context_of(
    body: ContextBody, request: Request | None, whereabouts: Whereabouts = NOWHERE
) -> dict[str, Any]:
    """Gather the context; `request` is None where a server asks, whose headers say nothing of its visitor.

    What the body says always wins; garbage says nothing.
    """
    context: dict[str, Any] = {"attributes": body.attributes, **_agent(body.user_agent, request)}
    if body.locale is None and (header := _said(request, b"accept-language")) is not None:
        context["locale"] = preferred_language(header)
    if body.country is None and (country := whereabouts.country_of(body.ip, request)) is not None:
        context["country"] = country
    for name in ("device", "country", "locale"):
        value = getattr(body, name)
        if value is not None:
            context[name] = value
    if body.timezone is not None and (zone := zone_of(body.timezone)) is not None:
        context["timezone"] = body.timezone
        context[ZONE] = zone
    if body.url is not None:
        context |= _address(body.url[:_LONGEST_URL])
    elif request is not None:
        context |= _address_of_page(request)
    if body.referrer:
        context["referrer"] = {"host": _host(body.referrer[:_LONGEST_URL])}
    return context


def context_said(said: Mapping[str, Any], whereabouts: Whereabouts) -> dict[str, Any]:
    """Gather the context from the plain JSON of a body alone; raises msgspec.ValidationError."""
    return context_of(msgspec.convert(said, ContextBody), None, whereabouts)


def _said(request: Request | None, name: bytes, longest: int = LONGEST) -> str | None:
    value = None if request is None else request.header(name)
    return None if value is None else value[:longest]


def _agent(named: str | None, request: Request | None) -> Mapping[str, Any]:
    """Read the User-Agent; where it says too little to tell the device, a browser may have given hints."""
    if named is not None:
        return agent_of(named[:LONGEST])
    header = _said(request, b"user-agent")
    agent = {} if header is None else agent_of(header)
    if request is not None and agent.get("os") is None and agent.get("device", OTHER) == OTHER:
        hinted = hinted_device(request.header(b"sec-ch-ua-mobile"), request.header(b"sec-ch-ua-platform"))
        return agent if hinted == OTHER else {**agent, "device": hinted}
    return agent


def _address_of_page(request: Request) -> Mapping[str, Any]:
    """Read where the page is that asks."""
    url = _said(request, b"referer", _LONGEST_URL)
    if url is None:
        return {}
    address = _address(url)
    said, origin = url.rstrip("/"), request.header(b"origin")
    if said == origin and request.header(b"sec-fetch-site") != "same-origin":
        # To another origin than its own a browser names no more than this, wherever on the site the page is.
        return {"url": {"host": address["url"]["host"]}} if address else {}
    return address


# Many are on the same pages. What is found is shared by all of them, and only ever read.
@lru_cache(maxsize=2_048)
def _address(url: str) -> Mapping[str, Any]:
    try:
        parts = urlsplit(url)
    except ValueError:
        # A URL that cannot be read says nothing; the page gets its answer all the same.
        return {}
    fields = "&".join(parts.query.split("&", _QUERY_FIELDS)[:_QUERY_FIELDS])
    query = dict(reversed(parse_qsl(fields, keep_blank_values=True)))
    utm = {name.removeprefix("utm_"): value for name, value in query.items() if name.startswith("utm_")}
    return {"url": {"path": parts.path or "/", "host": parts.hostname, "query": query}, "utm": utm}


@lru_cache(maxsize=2_048)
def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
