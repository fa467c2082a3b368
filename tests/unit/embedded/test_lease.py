import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from app.embedded.lease import FileLock, is_held
from app.embedded.process import wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def waiting_for(path: Path, got: list[FileLock]) -> threading.Thread:
    """A thread that has begun to wait for a lock on a file that somebody holds."""
    opened = len([fd for fd in Path("/proc/self/fd").iterdir() if points_at(fd, path)])
    thread = threading.Thread(target=lambda: got.append(FileLock(path)))
    thread.start()
    assert wait_until(lambda: sum(points_at(fd, path) for fd in Path("/proc/self/fd").iterdir()) > opened, 10)
    return thread


def points_at(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.readlink() == path
    except FileNotFoundError:
        return False


def test_shared_locks_stand_side_by_side(path: Path) -> None:
    with FileLock(path, shared=True), FileLock(path, shared=True):
        assert is_held(path)


def test_a_released_lock_is_free(path: Path) -> None:
    FileLock(path).release()

    assert not is_held(path)


def test_releasing_twice_takes_nothing_from_the_next_owner_of_the_descriptor(path: Path) -> None:
    first = FileLock(path)
    first.release()
    with FileLock(path):
        first.release()

        assert is_held(path)


def test_asking_for_a_lock_that_never_was_makes_no_file(path: Path) -> None:
    assert not is_held(path)
    assert not path.exists()


def test_an_exclusive_lock_waits_for_the_last_shared_one(path: Path) -> None:
    got: list[FileLock] = []
    first, second = FileLock(path, shared=True), FileLock(path, shared=True)
    thread = waiting_for(path, got)
    first.release()
    assert not got
    second.release()
    thread.join()

    assert is_held(path)
    got[0].release()


def test_who_waited_for_a_file_that_was_replaced_locks_the_new_one(path: Path) -> None:
    got: list[FileLock] = []
    old = FileLock(path)
    thread = waiting_for(path, got)
    path.unlink()
    path.touch()
    old.release()
    thread.join()

    assert is_held(path)
    got[0].release()


def test_a_lock_in_a_folder_that_was_deleted_meanwhile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "gone" / "lock")


def test_a_killed_process_gives_its_lock_back(path: Path) -> None:
    program = (
        f"from app.embedded.lease import *; lock = FileLock(Path({str(path)!r})); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert is_held(path)
        holder.kill()

    assert not is_held(path)


def test_a_program_that_inherits_the_descriptor_holds_the_lock_on(path: Path) -> None:
    lock = FileLock(path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock.descriptor]):
        lock.release()
        assert is_held(path)

    assert not is_held(path)


def test_other_programs_inherit_nothing(path: Path) -> None:
    lock = FileLock(path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False):
        lock.release()
        assert not is_held(path)


def test_who_is_interrupted_while_waiting_leaves_no_descriptor_behind(path: Path) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise InterruptedError(number, frame)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with FileLock(path):
            open_before = descriptors()
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(InterruptedError):
                FileLock(path)
            assert descriptors() == open_before
    finally:
        signal.signal(signal.SIGALRM, before)
