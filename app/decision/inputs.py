"""What a decision was taken on, kept so that it can be told again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.engine.context import ZONE
from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing, Visitor
from app.kit.zones import zone_of


class Basis(msgspec.Struct, frozen=True, gc=False):
    """Everything but the ruleset that a decision follows from; the same basis gives the same decision.

    `profile` is as it was decided on: the request's own events folded in, empty without consent. `refused`
    names the rules whose cap was used up.
    """

    standing: Standing
    profile: Profile
    context: Mapping[str, Any]
    placements: tuple[str, ...]
    refused: frozenset[str]
    now: datetime

    def seen_by(self, ruleset: Ruleset) -> Visitor:
        """See the visitor as a ruleset does."""
        return ruleset.see(self.profile, self.context, self.standing, self.now)


def _told(zone: object) -> None:
    """Tell nothing of a time zone: it follows from its name, which stands beside it."""
    if not isinstance(zone, ZoneInfo):
        raise NotImplementedError  # how msgspec is told that a value cannot be written


_encoder = msgspec.json.Encoder(enc_hook=_told)


def encode_basis(basis: Basis) -> bytes:
    """Write a basis as JSON."""
    return _encoder.encode(basis)


def decode_basis(data: bytes) -> Basis:
    """Read a basis; raises msgspec.DecodeError where the bytes are not one of ours."""
    basis = msgspec.json.decode(data, type=Basis)
    name = basis.context.get("timezone")
    zone = zone_of(name) if isinstance(name, str) else None
    return basis if zone is None else msgspec.structs.replace(basis, context={**basis.context, ZONE: zone})
