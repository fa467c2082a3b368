import os
from pathlib import Path

import pytest

from app.embedded.account import NOBODY, Account, give, is_open_to_all, private_folder, server_account
from app.embedded.errors import EmbeddedError

OPEN = Path("/")
ME = Account(os.geteuid(), os.getegid(), ())


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed" / "within"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the only one to look for programs in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(programs: Path, name: str, status: int) -> None:
    (programs / name).write_text(f"#!/bin/sh\nexit {status}\n")
    (programs / name).chmod(0o755)


def test_an_ordinary_user_runs_postgres_as_itself(closed: Path) -> None:
    assert server_account(closed, uid=1000) == Account(1000, os.getegid(), ())


def test_root_runs_postgres_as_nobody_where_nobody_can_enter(programs: Path) -> None:
    put(programs, "setpriv", 0)
    account = server_account(OPEN, uid=0)

    assert (account.uid, account.gid) == (NOBODY, NOBODY)
    assert account.become == ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_root_passes_for_nobody_where_only_root_can_enter(programs: Path, closed: Path) -> None:
    put(programs, "setpriv", 0)
    put(programs, "unshare", 0)
    account = server_account(OPEN, closed, uid=0)

    assert account == Account(0, 0, ("unshare", "--map-user=65534", "--map-group=65534"))


def test_root_that_may_not_change_its_id_passes_for_nobody(programs: Path) -> None:
    put(programs, "setpriv", 1)
    put(programs, "unshare", 0)

    assert server_account(OPEN, uid=0).become[0] == "unshare"


@pytest.mark.parametrize("status", [None, 1])
def test_root_that_can_be_nobody_else_is_told_what_to_do(programs: Path, status: int | None) -> None:
    for name in ("setpriv", "unshare") if status else ():
        put(programs, name, 1)
    with pytest.raises(EmbeddedError, match="set SIGNPOST_DATABASE_URL to a server of your own"):
        server_account(OPEN, uid=0)


def test_a_path_is_open_to_all_when_each_folder_on_the_way_is(closed: Path) -> None:
    assert is_open_to_all(Path("/usr/bin"))
    assert not is_open_to_all(closed)


def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    private_folder(tmp_path / "new", ME)
    private_folder(tmp_path / "new", ME)

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)
    with pytest.raises(EmbeddedError, match="remove it, then start again"):
        private_folder(tmp_path / "shared", ME)


def test_a_link_to_a_private_folder_is_refused(tmp_path: Path) -> None:
    private_folder(tmp_path / "target", ME)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(EmbeddedError, match="link must be a folder"):
        private_folder(tmp_path / "link", ME)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    with pytest.raises(EmbeddedError, match="file must be a folder"):
        private_folder(tmp_path / "file", ME)


def test_a_private_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    foreign = Path("/root")
    if os.geteuid() == 0:
        foreign = tmp_path / "foreign"
        foreign.mkdir(mode=0o700)
        os.chown(foreign, 12345, 12345)
    with pytest.raises(EmbeddedError, match="no other user can enter"):
        private_folder(foreign, ME)


def test_a_folder_is_given_with_all_in_it_but_nothing_it_points_to(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").touch()
    outside.touch()
    (folder / "link").symlink_to(outside)
    # Only root can give anything away; for everybody else all is where it belongs.
    target = NOBODY if os.geteuid() == 0 else os.geteuid()
    give(folder, Account(target, target, ()))

    assert {entry.lstat().st_uid for entry in (folder, *folder.rglob("*"))} == {target}
    assert outside.stat().st_uid == os.geteuid()
