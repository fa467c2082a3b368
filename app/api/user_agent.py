"""What a User-Agent tells: device, browser, operating system, and whether it is a robot's."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # google-re2 ships no types
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # nor does this
from ua_parser import Domain, load_lazy_builtins
from ua_parser.re2 import Resolver

from app.api.device import device_of

# What is longer is garbage, and is made no dearer than this.
LONGEST = 1_024

_FAMILIES = Domain.USER_AGENT | Domain.OS


@lru_cache(maxsize=2_048)
def agent_of(user_agent: str) -> Mapping[str, Any]:
    """Read a User-Agent of at most LONGEST characters: `device`, `browser`, `os` and `bot`, for the context.

    `browser` and `os` are ua-parser's families in lower case (`chrome mobile`, `mac os x`), None if unknown.
    A `bot` is who crawler-user-agents knows, but for HTTP libraries. Reading takes 40 µs, once.
    """
    # JSON can hold a lone surrogate, which RE2 cannot be given.
    text = user_agent.encode(errors="replace").decode()
    families = _families()(text, _FAMILIES)
    return {
        "device": device_of(text),
        "browser": families.user_agent and families.user_agent.family.lower(),
        "os": families.os and families.os.family.lower(),
        "bot": _robots().Match(text) is not None,
    }


def load_patterns() -> None:
    """Compile the patterns now, which takes 0.1 s and 20 MB, so that nobody who asks waits for it."""
    _families()
    _robots()


@cache
def _families() -> Resolver:
    # Which model of phone it is takes as many patterns again, and nobody can ask for it.
    browsers, systems, _ = load_lazy_builtins()
    return Resolver((browsers, systems, []))


@cache
def _robots() -> Any:
    """Compile 1,500 patterns behind one search for the letters they need: garbage costs no more than 1 ms."""
    robots = re2.Filter()
    for known in CRAWLER_USER_AGENTS_DATA:
        # A library's name (okhttp, curl) says that a program asks, such as a shop's own app, whose visitors
        # are people. What reads pages without running them never asks for a decision in the first place.
        if "http-library" not in known["tags"]:
            robots.Add(known["pattern"])
    robots.Compile()
    return robots
