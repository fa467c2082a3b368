"""Valkey as the hot path speaks to it: one server, or the servers of a cluster, each over one connection."""

import asyncio
from contextlib import suppress
from typing import Any

from redis.crc import key_slot

from app.storage.address import Address
from app.storage.command import Command
from app.storage.node import Copies, Node
from app.storage.question import ErrorReply, Heard, Question

_SLOTS = 16_384
_LEARN_S = 1.0
# A cluster that sends a question on more often than this does not know itself where the key lies.
_MOVES = 4


class Valkey:
    """Sends commands to the server that has their keys, and keeps `copies` true.

    A server that is none of a cluster has them all. One that is says so where it is asked for a key that
    another one has; from then on it is known which keys lie where.
    """

    def __init__(self, redis_url: str, *, copies: Copies | None = None) -> None:
        self._copies = copies
        self._first = Node(Address.of(redis_url), copies, self)
        self._nodes = {str(self._first.address): self._first}
        self._slots: list[Node] | None = None
        self._learning: asyncio.Task[None] | None = None

    def ask(
        self, command: Command, *, key: str = "", within_s: float, heard: Heard | None = None
    ) -> Question:
        """Ask at the end of this turn of the loop; raises ConnectionError where it cannot be asked at all."""
        return self.node_of(key).ask(Question(command, within_s, heard))

    def node_of(self, key: str) -> Node:
        """Tell which server has a key."""
        return self._first if self._slots is None else self._slots[key_slot(key.encode())]

    def close(self) -> None:
        """Close all connections; whoever waits hears a ConnectionError."""
        for node in self._nodes.values():
            node.close()
        if self._learning is not None:
            self._learning.cancel()

    def sent_on(self, question: Question, error: ErrorReply, node: Node) -> bool:
        """Send a question to where a cluster says that its key lies."""
        why, *where = str(error).split()
        if why not in {"MOVED", "ASK"} or question.moves == _MOVES:
            return False
        question.moves += 1
        target = self._at(where[-1], node)
        try:
            if why == "ASK":
                # Only this once: the slot is on its way there.
                target.ask(Question(("ASKING",), _LEARN_S))
            else:
                self._learn()
            target.ask(question)
        except ConnectionError as away:
            question.answer(away)
        return True

    def lost(self, node: Node) -> None:
        """Hear that a server is away: in a cluster another one may have taken its place."""
        if self._slots is not None and node in self._slots:
            self._learn()

    def _learn(self) -> None:
        if self._learning is None or self._learning.done():
            self._learning = asyncio.get_running_loop().create_task(self._ask_all_where_slots_are())

    async def _ask_all_where_slots_are(self) -> None:
        for node in list(self._nodes.values()):
            with suppress(ErrorReply, OSError, TimeoutError):
                self._learned(await node.ask(Question(("CLUSTER", "SLOTS"), _LEARN_S)).wait(), node)
                return

    def _learned(self, ranges: list[Any], node: Node) -> None:
        slots = [self._first] * _SLOTS
        for begin, end, (host, port, *_), *_ in ranges:
            there = self._at(f"{(host or b'').decode()}:{port}", node)
            slots[begin : end + 1] = [there] * (end + 1 - begin)
        if slots == self._slots:
            return
        self._slots = slots
        # What was read from one server is not believed on the word of another.
        if self._copies is not None:
            self._copies.clear()
        for name, known in list(self._nodes.items()):
            if known not in slots and known is not self._first:
                self._nodes.pop(name).close()

    def _at(self, place: str, told_by: Node) -> Node:
        """Find a server by `host:port`; without a host it is the one of whoever has told us."""
        host, _, port = place.rpartition(":")
        address = told_by.address.beside(host, int(port))
        return self._nodes.setdefault(str(address), Node(address, self._copies, self))
