"""A child process that is started again whenever it ends by itself."""

import logging
import subprocess
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

STOP_S = 8.0
RESTART_S = 1.0

_log = logging.getLogger(__name__)


class Child:
    """Keeps one child process running for as long as a `with` block lasts, then ends it by SIGTERM.

    It has a session of its own, so that Ctrl-C reaches it only through us, after we have finished.
    """

    def __init__(
        self, command: Sequence[str], *, stop_s: float = STOP_S, restart_s: float = RESTART_S
    ) -> None:
        self._command = list(command)
        self._stop_s = stop_s
        self._restart_s = restart_s
        self._leaving = threading.Event()
        # Held while a process is started or told to end, so that none is started after that.
        self._changing = threading.Lock()
        self._process = self._start()
        self._watch = threading.Thread(target=self._keep_running, daemon=True)

    @property
    def pid(self) -> int:
        """The process that runs now."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child: in an orderly way within `stop_s` seconds, else by force."""
        with self._changing:
            self._leaving.set()
            self._process.terminate()
        self._watch.join(self._stop_s)
        if self._watch.is_alive():
            self._process.kill()
            self._watch.join()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - the caller names a program of its own

    def _keep_running(self) -> None:
        while True:
            code = self._process.wait()
            if not self._leaving.is_set():
                _log.error("%s ended with %s, starting it again", self._command, code)
            if self._leaving.wait(self._restart_s):
                return
            with self._changing:
                if not self._leaving.is_set():
                    self._start_again()

    def _start_again(self) -> None:
        try:
            self._process = self._start()
        except OSError as error:
            # The system has no room for it, or its program is just being replaced.
            _log.error("%s cannot be started now: %s", self._command, error)
