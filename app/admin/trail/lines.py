"""Entries of the audit in lines: CSV for spreadsheets, JSON for programs."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import msgspec

from app.admin.trail.repository import Entry
from app.admin.trail.schemas import AuditFormat

COLUMNS = Entry.__struct_fields__

# A cell that starts so is a formula to a spreadsheet, and whoever asks names the request.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as CSV (RFC 4180); documents are JSON in a cell, what there is none of is empty."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, msgspec.Raw):
        return "" if bytes(value) == b"null" else bytes(value).decode()
    text = "" if value is None else str(msgspec.to_builtins(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


Lines = Callable[[Iterable[Entry]], bytes]

# What each way of writing begins with, how it goes on, and its media type.
WRITTEN: Mapping[AuditFormat, tuple[bytes, Lines, str]] = MappingProxyType(
    {
        AuditFormat.CSV: (f"{','.join(COLUMNS)}\r\n".encode(), csv_lines, "text/csv"),
        AuditFormat.NDJSON: (b"", msgspec.json.Encoder().encode_lines, "application/x-ndjson"),
    }
)
