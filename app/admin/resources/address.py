"""Where a resource is: on which site, of which kind, under which key."""

import msgspec

from app.admin.resources.kinds import Kind


class Address(msgspec.Struct, frozen=True):
    """One resource, be it there or not; `placement` is the one that it stands in, where it does."""

    site: int
    kind: Kind
    key: str
    placement: str | None = None

    @property
    def name(self) -> str:
        """What people call it: `rules/hero-test`. It is the end of its path, too."""
        if self.kind.is_single:
            return self.kind.name
        return f"{self.kind.path[1:].format(placement=self.placement)}/{self.key}"


class Collection(msgspec.Struct, frozen=True):
    """All resources of one kind; `placement` is the one that they stand in, where they do."""

    site: int
    kind: Kind
    placement: str | None = None

    def at(self, key: str) -> Address:
        """Address one of them."""
        return Address(self.site, self.kind, key, self.placement)
