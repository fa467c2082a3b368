"""What paths lead through besides dicts: objects whose attributes are worked out when they are asked for."""

from typing import Protocol


class Attributes(Protocol):
    """Where a path starts: a dict, or a `Lookup`."""

    def get(self, key: str, /) -> object:
        """Answer the attribute of that name, None if there is none. Must not raise, whatever the name."""
        ...


class Lookup:
    """An object whose attributes are worked out when they are asked for.

    Paths go on into dicts and instances of this class, and into nothing else. A missing attribute is None.
    What a lookup holds cannot be listed, so it equals nothing.
    """

    __slots__ = ()

    def get(self, key: str, /) -> object:
        """Answer the attribute of that name, None if there is none. Must not raise, whatever the name."""
        raise NotImplementedError  # for whoever derives from this to say
