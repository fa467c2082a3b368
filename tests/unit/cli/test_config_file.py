import io
import json
import sys
from pathlib import Path

import pytest

from app.cli.config_file import ConfigFile
from app.cli.terminal import CommandError

HERE, THERE = "http://here", "http://there"


class Standard(io.TextIOWrapper):
    """What comes in or goes out, as a command finds it."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content))


def code_of(name: str) -> int:
    with pytest.raises(CommandError) as raised:
        ConfigFile(name).read()
    assert name in str(raised.value)
    return raised.value.code


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.YAML", "a.json"])
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    file = ConfigFile(str(tmp_path / name))
    file.write(b'{"site":{"timezone":"UTC"}}')
    assert file.read() == {"site": {"timezone": "UTC"}}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_json_is_written_for_people_to_compare(tmp_path: Path) -> None:
    file = ConfigFile(str(tmp_path / "a.json"))
    file.write(b'{"site":{"timezone":"UTC"}}')
    assert file.path.read_text() == '{\n  "site": {\n    "timezone": "UTC"\n  }\n}\n'


def test_without_a_name_it_is_what_comes_in_and_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = ConfigFile("-"), Standard()
    monkeypatch.setattr(sys, "stdin", Standard(b"site: {}\n"))
    monkeypatch.setattr(sys, "stdout", out)
    assert file.read() == {"site": {}}
    file.write(b"site: {}\n")
    file.remember(HERE, '"e"')
    assert out.buffer.getvalue() == b"site: {}\n"  # type: ignore[attr-defined] # it is a BytesIO
    assert not Path("-.etag").exists()


@pytest.mark.parametrize("name", ["config", "config.toml", "yaml"])
def test_a_name_that_tells_no_kind_is_wrong_usage(name: str) -> None:
    assert code_of(name) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", b"a: [\n"),
        ("a.yaml", b"a: 1\na: 2"),
        ("a.json", b"a: 1"),
        ("a.json", b"\xff"),
        ("a.json", b"[" * 129 + b"]" * 129),
        ("a.json", b'{"rules": [], "rules": []}'),
        ("a.json", b"[" * 100_000),
    ],
)
def test_what_is_neither_json_nor_yaml_is_unsound(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert code_of(str(tmp_path / name)) == 1


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    assert code_of(str(tmp_path / "none.yaml")) == 2
    with pytest.raises(CommandError, match="No such file") as raised:
        ConfigFile(str(tmp_path / "none" / "a.yaml")).write(b"")
    assert raised.value.code == 2


def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(CommandError, match="directory"):
        ConfigFile(str(tmp_path / "a.yaml")).write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_an_etag_is_remembered_with_the_service_it_is_of(tmp_path: Path) -> None:
    file = ConfigFile(str(tmp_path / "a.yaml"))
    assert file.find_etag(HERE) is None
    file.remember(HERE, '"e"')
    assert (file.find_etag(HERE), file.find_etag(THERE)) == ('"e"', None)
    assert json.loads((tmp_path / "a.yaml.etag").read_text()) == {"url": HERE, "etag": '"e"'}


@pytest.mark.parametrize("kept", ["", "[]", "{}", "7"])
def test_what_was_remembered_otherwise_is_told(tmp_path: Path, kept: str) -> None:
    (tmp_path / "a.yaml.etag").write_text(kept)
    with pytest.raises(CommandError, match=r"a\.yaml\.etag: cannot be read") as raised:
        ConfigFile(str(tmp_path / "a.yaml")).find_etag(HERE)
    assert raised.value.code == 2
