import socket
from contextlib import closing

import pytest

from app.kit import announce
from app.kit.announce import announce_when_listening
from app.kit.listener import bind


def test_the_text_is_printed_once_somebody_listens(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        thread = announce_when_listening(listener, "here we are")
        listener.listen()
        thread.join()

    assert capfd.readouterr().out == "here we are\n"


def test_where_nobody_ever_listens_nothing_is_said(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "WAIT_S", 0.1)
    with closing(bind("127.0.0.1", 0)) as silent:
        announce_when_listening(silent, "here we are").join()

    assert capfd.readouterr().out == ""


def test_where_only_somebody_else_listens_on_the_port_nothing_is_said(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "WAIT_S", 0.1)
    with closing(bind("127.0.0.1", 0)) as theirs, closing(bind(*theirs.getsockname())) as ours:
        theirs.listen()
        announce_when_listening(ours, "here we are").join()
        with socket.create_connection(ours.getsockname()):
            pass

    assert capfd.readouterr().out == ""


def test_a_port_that_was_given_up_is_not_announced(capfd: pytest.CaptureFixture[str]) -> None:
    listener = bind("127.0.0.1", 0)
    listener.close()
    announce_when_listening(listener, "here we are").join()

    assert capfd.readouterr().out == ""
