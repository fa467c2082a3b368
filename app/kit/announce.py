"""Saying that a server is there once it is."""

import socket
import threading
import time

WAIT_S = 60.0
_STEP_S = 0.05


def announce_when_listening(host: str, port: int, text: str) -> threading.Thread:
    """Print a text as soon as somebody listens on a port; give up in silence after a minute."""

    def announce() -> None:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection((host, port), timeout=_STEP_S).close()
            except OSError:
                time.sleep(_STEP_S)
            else:
                print(text, flush=True)  # noqa: T201 - this is what it is for
                return

    thread = threading.Thread(target=announce, daemon=True)
    thread.start()
    return thread
