"""Preview links as tokens: everything that a tester's page needs to be decided on, signed by its site.

A token is `pv1.`, its content as JSON in base64url, a dot, and 128 bits of keyed BLAKE2b over all before it.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

import msgspec

from app.engine.forced import Forced
from app.kit.clock import instant_of, ms_of

# Longer ones fit into no address.
LONGEST = 4_096

_PREFIX = "pv1."
_PURPOSE = b"signpost preview"
_MAC_BYTES = 16


class PreviewLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link shows, and until when: the draft where `revision` is None, now where `at` is None."""

    expires_at: datetime
    revision: int | None = None
    at: datetime | None = None
    forced: Forced = Forced()


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link as its token has it, under short names: it travels in addresses. Instants are in ms."""

    expires_ms: int = msgspec.field(name="x")
    revision: int | None = msgspec.field(name="r", default=None)
    at_ms: int | None = msgspec.field(name="t", default=None)
    stages: Mapping[str, str] = msgspec.field(name="j", default_factory=dict)
    segments: Mapping[str, bool] = msgspec.field(name="s", default_factory=dict)
    only: bool = msgspec.field(name="o", default=False)
    arms: Mapping[str, str] = msgspec.field(name="a", default_factory=dict)


_decoder = msgspec.json.Decoder(_Content)


def sign(link: PreviewLink, secret: str) -> str:
    """Make the token of a link; it says what it shows to whoever reads it, and nobody else can make one."""
    forced = link.forced
    content = _Content(
        expires_ms=ms_of(link.expires_at),
        revision=link.revision,
        at_ms=None if link.at is None else ms_of(link.at),
        stages=forced.stages,
        segments=forced.segments,
        only=forced.only,
        arms=forced.arms,
    )
    signed = _PREFIX + _text_of(msgspec.json.encode(content))
    return f"{signed}.{_mac(signed, secret)}"


def read_token(token: str, secret: str | None, now: datetime) -> PreviewLink | None:
    """Read a token; None where this secret did not sign it, or its time is over."""
    signed, _, mac = token.rpartition(".")
    if secret is None or len(token) > LONGEST or not token.isascii() or not signed.startswith(_PREFIX):
        return None
    if not hmac.compare_digest(_mac(signed, secret), mac):
        return None
    # Whatever was signed here can be read here, as long as the prefix says which form it has.
    content = _decoder.decode(base64.urlsafe_b64decode(signed.removeprefix(_PREFIX) + "=="))
    if content.expires_ms <= ms_of(now):
        return None
    return PreviewLink(
        expires_at=instant_of(content.expires_ms),
        revision=content.revision,
        at=None if content.at_ms is None else instant_of(content.at_ms),
        forced=Forced(stages=content.stages, segments=content.segments, only=content.only, arms=content.arms),
    )


def _mac(signed: str, secret: str) -> str:
    # What the site's secret may sign for other purposes some day is no preview link.
    key = hashlib.blake2b(secret.encode(), digest_size=32, person=_PURPOSE).digest()
    return _text_of(hashlib.blake2b(signed.encode(), key=key, digest_size=_MAC_BYTES).digest())


def _text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
