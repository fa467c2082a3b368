"""Entries of the audit in lines: CSV for spreadsheets, JSON for programs."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import msgspec

from app.admin.trail.repository import Entry
from app.admin.trail.schemas import Format

COLUMNS = Entry.__struct_fields__

# A cell that starts so is a formula to a spreadsheet, and whoever asks names the request.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_encode = msgspec.json.Encoder().encode_lines


def csv_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as CSV (RFC 4180); documents are JSON in a cell, what there is none of is empty."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)
    return text.getvalue().encode()


def csv_head() -> bytes:
    """Write the line of column names."""
    return ",".join(COLUMNS).encode() + b"\r\n"


def json_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as JSON, one in a line."""
    return _encode(entries)


def _cell(value: object) -> str:
    if isinstance(value, msgspec.Raw):
        return "" if bytes(value) == b"null" else bytes(value).decode()
    text = "" if value is None else str(msgspec.to_builtins(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


Lines = Callable[[Iterable[Entry]], bytes]

# What each way of writing begins with, how it goes on, and its media type.
WRITTEN: Mapping[Format, tuple[bytes, Lines, str]] = MappingProxyType(
    {
        Format.CSV: (csv_head(), csv_lines, "text/csv"),
        Format.NDJSON: (b"", json_lines, "application/x-ndjson"),
    }
)
