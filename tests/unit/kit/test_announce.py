import socket

import pytest

from app.kit import announce
from app.kit.announce import announce_when_listening


def test_the_text_is_printed_once_somebody_listens(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        thread = announce_when_listening("127.0.0.1", server.getsockname()[1], "here we are")
        server.listen()
        thread.join()

    assert capfd.readouterr().out == "here we are\n"


def test_where_nobody_ever_listens_nothing_is_said(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "WAIT_S", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        announce_when_listening("127.0.0.1", silent.getsockname()[1], "here we are").join()

    assert capfd.readouterr().out == ""
