"""What cannot be stored, kept beside the streams for people to look at: nothing is dropped in silence."""

from pathlib import Path

import msgspec

from app.engine.records import Record
from app.journal.parts import Part

_FOLDER = "refused"


def keep_record(journal_dir: Path, stream: str, record: Record, reason: str) -> Path:
    """Add a record to `refused/<stream>.jsonl`; one that died with us half-way is there twice."""
    line = msgspec.json.encode({"reason": reason, "record": record})
    # What a decision was taken on is as it was sent, and JSON has line breaks between its tokens alone.
    line = line.replace(b"\n", b" ").replace(b"\r", b" ")
    path = _folder(journal_dir) / f"{stream}.jsonl"
    with path.open("ab") as file:
        file.write(line + b"\n")
    return path


def keep_bytes(journal_dir: Path, stream: str, segment: int, part: Part) -> Path:
    """Write the bytes that no record could be read from to a file of their own, the same one each time."""
    path = _folder(journal_dir) / f"{stream}-{segment:08}-{part.end - len(part.damage)}.bin"
    path.write_bytes(part.damage)
    return path


def _folder(journal_dir: Path) -> Path:
    folder = journal_dir / _FOLDER
    folder.mkdir(0o700, parents=True, exist_ok=True)
    return folder
