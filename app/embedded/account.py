"""Whom PostgreSQL runs as, since it refuses to run as root."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedError
from app.embedded.launch import execute, server_environment

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """The owner that PostgreSQL's files need, and the command that makes the rest of its line run as one."""

    uid: int
    gid: int
    become: tuple[str, ...]


def server_account(*paths: Path, uid: int | None = None) -> Account:
    """Choose for a user (default: this process's) whom PostgreSQL runs as, so that it can enter the paths.

    Raises:
        EmbeddedError: The user is root, and this machine offers no way to be anybody else.
    """
    user = os.geteuid() if uid is None else uid
    if user != 0:
        return Account(user, os.getegid(), ())
    by_id = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if all(map(is_open_to_all, paths)) and _works(by_id):
        return Account(NOBODY, NOBODY, by_id)
    # In a user namespace root passes for nobody, but still enters what only root may enter.
    by_namespace = ("unshare", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    if _works(by_namespace):
        return Account(0, 0, by_namespace)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and here it cannot run as another user: run this as an ordinary"
        " user, or set SIGNPOST_DATABASE_URL to a server of your own"
    )


def is_open_to_all(path: Path) -> bool:
    """Whether every user can enter each folder on the way to a path, and the path itself."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def give(folder: Path, account: Account) -> None:
    """Make the account the owner of a folder and of all in it."""
    if folder.stat().st_uid == account.uid:
        return
    # The folder itself comes last: it is what tells whether this was done to its end.
    for entry in (*folder.rglob("*"), folder):
        os.chown(entry, account.uid, account.gid, follow_symlinks=False)


def private_folder(folder: Path, account: Account | None = None) -> None:
    """Make a folder that only the account can enter, or check that this is what it is.

    Without an account it is this process's, or stays that of one of ours.

    Raises:
        EmbeddedError: There is something else at this path, or others can enter it.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=stat.S_IRWXU)
    found = folder.lstat()
    owners = {os.geteuid(), NOBODY} | ({account.uid} if account else set())
    ours = found.st_uid in owners and stat.S_ISDIR(found.st_mode)
    if not ours or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise EmbeddedError(
            f"{folder} must be a folder that no other user can enter: remove it, then start again"
        )
    if account:
        give(folder, account)


def _works(become: tuple[str, ...]) -> bool:
    with suppress(FileNotFoundError):
        return execute([*become, "true"], Path(os.devnull), server_environment())
    return False
