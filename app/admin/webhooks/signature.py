"""Signatures as Standard Webhooks has them (standardwebhooks.com): HMAC-SHA256 of id, instant and body."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

PREFIX = "whsec_"
_BYTES = 32


class Secret(msgspec.Struct, frozen=True):
    """What a webhook's messages are signed with; one that was replaced still signs for a while."""

    secret: str
    until: datetime | None = None


def new_secret() -> str:
    """Make a secret of 256 random bits, as receivers are told it."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def rotated(kept: Sequence[Secret], new: str, until: datetime, now: datetime) -> list[Secret]:
    """Put a new secret before the others, which sign until an instant at most."""
    left = [Secret(each.secret, until if each.until is None else min(each.until, until)) for each in kept]
    return [Secret(new), *(each for each in left if each.until is not None and each.until > now)]


def signed(kept: Iterable[Secret], message: str, now: datetime, body: bytes) -> dict[str, str]:
    """Make the headers of one attempt to send a message: one signature for each secret in force."""
    at = str(int(now.timestamp()))
    content = f"{message}.{at}.".encode() + body
    in_force = (each.secret for each in kept if each.until is None or each.until > now)
    signatures = " ".join(_signature(secret, content) for secret in in_force)
    return {"webhook-id": message, "webhook-timestamp": at, "webhook-signature": signatures}


def _signature(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()
