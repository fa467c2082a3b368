"""Small JSON files that only their owner may read."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file (mode 600) whole or not at all, also when the process dies in the middle."""
    _write_beside(path, content).replace(path)


def write_first(path: Path, content: Mapping[str, str]) -> dict[str, str]:
    """Write a file (mode 600) where there is none, and read it: all who do so at once read the same."""
    unfinished = _write_beside(path, content)
    with suppress(FileExistsError):
        path.hardlink_to(unfinished)
    unfinished.unlink()
    _sync_folder(path.parent)
    return read_json(path)


def read_json(path: Path) -> dict[str, str]:
    """Read a file that `write_private` wrote; empty where there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is broken; the message says which file.

    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is broken: {error}") from error


def _write_beside(path: Path, content: Mapping[str, Any]) -> Path:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return unfinished


def _sync_folder(folder: Path) -> None:
    """See that a file's name outlives the loss of power as its content does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
