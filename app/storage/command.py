"""A command for Valkey, and its bytes on the wire."""

from typing import TypeAlias

import hiredis

Command: TypeAlias = tuple[str | bytes | int, ...]


def packed(command: Command) -> bytes:
    """Write a command as an array of strings."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type] # it takes tuples of any length
    return packed
