import stat
from pathlib import Path

import pytest

from app.kit.private_file import read_json, write_private


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    write_private(tmp_path / "keys.json", {"secret_key": "sk_1"})

    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert read_json(tmp_path / "keys.json") == {"secret_key": "sk_1"}


def test_another_content_replaces_the_file(tmp_path: Path) -> None:
    write_private(tmp_path / "keys.json", {"secret_key": "sk_1", "longer": "x" * 100})
    write_private(tmp_path / "keys.json", {"secret_key": "sk_2"})

    assert read_json(tmp_path / "keys.json") == {"secret_key": "sk_2"}
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    write_private(tmp_path / "keys.json", {"secret_key": "sk_1"})

    with pytest.raises(TypeError):
        write_private(tmp_path / "keys.json", {"secret_key": object()})

    assert read_json(tmp_path / "keys.json") == {"secret_key": "sk_1"}


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_json(tmp_path / "keys.json") == {}
