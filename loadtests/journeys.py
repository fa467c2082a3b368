"""Readers of the three journey formats; which one a file has is told from its first line."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import msgspec

from loadtests.mapping import (
    OTTO,
    TAOBAO,
    TRIVAGO,
    placements_after,
    properties_of,
    trivago_context,
    url_after,
)
from loadtests.steps import JourneyError, Step

_GZIP = b"\x1f\x8b"


def read_journeys(path: Path) -> list[Step]:
    """Read every step of a file, in the file's order; `.gz` or plain.

    Raises:
        JourneyError: where the file is of no known format or a line of it cannot be read.

    """
    try:
        with _opened(path) as lines:
            first = lines.readline()
            return list(_reader_of(path, first)(lines, first, path.name))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise JourneyError(f"{path}: cannot be read: {error}") from error


def _opened(path: Path) -> TextIO:
    with path.open("rb") as start:
        packed = start.read(2) == _GZIP
    if packed:
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


_Reader = Callable[[TextIO, str, str], Iterator[Step]]


def _reader_of(path: Path, first: str) -> _Reader:
    columns = set(first.strip().split(","))
    if {"user_id", "timestamp", "action_type", "reference", "platform", "device"} <= columns:
        return _read_trivago
    if {"user_id", "timestamp", "behavior", "item_id"} <= columns:
        return _read_taobao
    if first.startswith("{"):
        return _read_otto
    raise JourneyError(f"{path}: no journeys: the first line fits neither trivago, taobao nor otto")


def step_id(source: str, *places: int) -> str:
    """Name a step after its place in the source: ids of one instant sort as the source is ordered."""
    # A file's name is the caller's; ids are bounded, so a long one is cut.
    return ":".join([source[:64], *(f"{place:07d}" for place in places)])


def build_step(
    step_id: str, visitor: str, at_ms: int, event: str, subject: str, said: dict[str, Any] | None = None
) -> Step:
    """Make a step of one action; `said` is what the source says of the visitor's surroundings."""
    return Step(
        visitor=visitor,
        at_ms=at_ms,
        id=step_id,
        name=event,
        properties=properties_of(event, subject),
        placements=placements_after(event),
        context={"url": url_after(event), **(said or {})},
    )


def _rows(lines: TextIO, first: str, source: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(lines, fieldnames=first.strip().split(","), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise _unreadable(source, reader.line_num + 1, ValueError("too many or too few columns"))
            yield reader.line_num + 1, row
    except csv.Error as error:
        raise _unreadable(source, reader.reader.line_num + 1, error) from error


def _read_trivago(lines: TextIO, first: str, source: str) -> Iterator[Step]:
    for number, row in _rows(lines, first, source):
        try:
            event, at_ms = TRIVAGO[row["action_type"]], int(row["timestamp"]) * 1_000
            said = trivago_context(row["platform"], row["device"])
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(source, number, error) from error
        visitor = f"trivago-{row['user_id']}"
        yield build_step(step_id(source, number), visitor, at_ms, event, row["reference"], said)


def _read_taobao(lines: TextIO, first: str, source: str) -> Iterator[Step]:
    for number, row in _rows(lines, first, source):
        try:
            event, at_ms = TAOBAO[row["behavior"]], int(row["timestamp"]) * 1_000
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(source, number, error) from error
        yield build_step(step_id(source, number), f"taobao-{row['user_id']}", at_ms, event, row["item_id"])


class _OttoEvent(msgspec.Struct):
    aid: int
    ts: int
    type: str


class _OttoSession(msgspec.Struct):
    session: int
    events: list[_OttoEvent]


_otto = msgspec.json.Decoder(_OttoSession)


def _read_otto(lines: TextIO, first: str, source: str) -> Iterator[Step]:
    for number, line in enumerate((first, *lines), start=1):
        try:
            session = _otto.decode(line)
            names = [OTTO[event.type] for event in session.events]
        except (KeyError, msgspec.DecodeError) as error:
            raise _unreadable(source, number, error) from error
        visitor = f"otto-{session.session}"
        for place, (event, name) in enumerate(zip(session.events, names, strict=True), start=1):
            yield build_step(step_id(source, number, place), visitor, event.ts, name, str(event.aid))


def _unreadable(source: str, number: int, error: Exception) -> JourneyError:
    what = f"unknown action {error}" if isinstance(error, KeyError) else str(error)
    return JourneyError(f"{source}, line {number}: {what}")
