import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.kit.private_file import read_json, write_first, write_private


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


@pytest.mark.parametrize("content", [b"", b'{"pepper": ', b"[]", b'{"pepper": 5}', b'{"pepper": "\xff"}'])
def test_a_broken_file_is_told_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pepper.json"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=rf"^{path} is broken: "):
        read_json(path)


def test_what_was_written_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "pepper.json"

    assert write_first(path, {"pepper": "a"}) == {"pepper": "a"}
    assert write_first(path, {"pepper": "b"}) == {"pepper": "a"}

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [kept.name for kept in tmp_path.iterdir()] == ["pepper.json"]


def test_of_many_processes_that_write_first_at_once_all_read_the_same(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from app.kit.private_file import write_first;"
    code += "print(write_first(Path(sys.argv[1]), {'pepper': sys.argv[2]}))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / "p.json", str(n)], stdout=subprocess.PIPE)
        for n in range(4)
    ]
    read = {process.communicate()[0] for process in started}

    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert read == {f"{read_json(tmp_path / 'p.json')}\n".encode()}
