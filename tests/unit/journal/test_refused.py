"""What cannot be stored is kept."""

from pathlib import Path

import msgspec

from app.journal.parts import Part
from app.journal.refused import keep_bytes, keep_record
from tests.unit.journal.journalled import event, inputs


def test_refused_records_are_kept_line_by_line_with_the_reason(tmp_path: Path) -> None:
    path = keep_record(tmp_path, "a-stream", event("e-1"), "no\nreason")
    keep_record(tmp_path, "a-stream", event("e-2"), "the other")
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert path == tmp_path / "refused" / "a-stream.jsonl"
    assert [(line["reason"], line["record"]["id"]) for line in lines] == [
        ("no\nreason", "e-1"),
        ("the other", "e-2"),
    ]


def test_what_was_sent_over_many_lines_is_kept_in_one(tmp_path: Path) -> None:
    path = keep_record(tmp_path, "a-stream", inputs(asked=msgspec.Raw(b'{\r\n"a\\n":\n1}')), "no reason")
    [line] = path.read_bytes().splitlines()
    assert msgspec.json.decode(line)["record"]["asked"] == {"a\n": 1}


def test_damage_is_kept_under_the_name_of_its_place(tmp_path: Path) -> None:
    path = keep_bytes(tmp_path, "a-stream", 3, Part(110, (), b"0123456789"))
    assert path == tmp_path / "refused" / "a-stream-00000003-100.bin"
    assert path.read_bytes() == b"0123456789"


def test_damage_that_is_met_twice_is_kept_once(tmp_path: Path) -> None:
    for _ in range(2):
        kept = keep_bytes(tmp_path, "a-stream", 3, Part(110, (), b"0123456789"))
    assert list(kept.parent.iterdir()) == [kept]
