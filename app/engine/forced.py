"""What holds of a visitor whatever is known of who asks: how somebody looks at a site as somebody else."""

from collections.abc import Mapping

import msgspec


class Forced(msgspec.Struct, frozen=True, kw_only=True):
    """What is forced; the rest is found out as ever.

    `stages` are by journey, `arms` by experiment, with `$holdout` among them. `segments` says of each whether
    the visitor is in it; with `only`, the visitor is in no other.
    """

    stages: Mapping[str, str] = {}
    segments: Mapping[str, bool] = {}
    only: bool = False
    arms: Mapping[str, str] = {}

    def membership(self, segment: str) -> bool | None:
        """Say whether the visitor is in a segment; None where its condition decides."""
        return self.segments.get(segment, False if self.only else None)


NOTHING_FORCED = Forced()
