"""Heads of requests that were read before: whoever sends the very same bytes asks for the same."""

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

# A browser sends the same head with each request of a connection, and a program with all of its requests.
_HEADS = 2_048
_LONGEST = 2_048
_END = b"\r\n\r\n"


class Head(msgspec.Struct, frozen=True, gc=False):
    """What the head of a request says that is answered directly; `headers` and `sent` as in `Asked`.

    Nothing in it is anything that the garbage collector would search, however many are remembered.
    """

    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    sent: tuple[tuple[bytes, bytes], ...]
    is_last: bool


class KnownHeads:
    """The heads that were read last more than once, each with how long a body it announces."""

    def __init__(self) -> None:
        # Of a head that is never sent again only the hash is held, until another takes its place.
        self._hashes = [0] * _HEADS
        self._known: OrderedDict[bytes, tuple[Head, int]] = OrderedDict()

    def find(self, piece: bytes) -> tuple[Head, bytes] | None:
        """Take a piece apart that begins a request, if it is a known head and just the body it announces."""
        end = piece.find(_END) + len(_END)
        known = self._known.get(piece[:end])
        return (known[0], piece[end:]) if known is not None and len(piece) == end + known[1] else None

    def keep(self, piece: bytes, head: Head, body_bytes: int) -> None:
        """Remember a head that was read as the beginning of a piece, before a body of so many bytes.

        It has to be read twice for that. The piece has to be nothing but these two, the end of the body told
        by its length alone, and all lines ended by CR and LF: else the first blank line need not be where
        the head ended for who read it.
        """
        end = len(piece) - body_bytes
        if not 0 < end <= _LONGEST or piece.find(_END) + len(_END) != end:
            return
        text = piece[:end]
        if self._is_new(hash(text)):
            return
        lines = len(head.sent) + 2
        if not text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n") == lines:
            return
        if head.headers.get(b"content-length") != b"%d" % body_bytes or b"transfer-encoding" in head.headers:
            return
        if len(self._known) >= _HEADS:
            self._known.popitem(last=False)
        self._known[text] = head, body_bytes

    def _is_new(self, hash_: int) -> bool:
        place = hash_ % len(self._hashes)
        is_new = self._hashes[place] != hash_
        self._hashes[place] = hash_
        return is_new
