import socket
from contextlib import closing

import pytest

from app.kit.listener import ListenError, bind


def test_port_0_is_any_that_is_free() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        assert listener.getsockname()[1] > 0


def test_a_port_is_taken_before_anybody_listens() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        with socket.socket() as client:
            assert client.connect_ex(listener.getsockname()) != 0
        listener.listen()
        with socket.socket() as client:
            assert client.connect_ex(listener.getsockname()) == 0


def test_an_address_of_version_6_is_understood() -> None:
    with closing(bind("::1", 0)) as listener:
        assert listener.family == socket.AF_INET6


def test_a_port_that_somebody_listens_on_cannot_be_had() -> None:
    with closing(bind("127.0.0.1", 0)) as busy:
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(
            ListenError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: Address already in use$"
        ):
            bind("127.0.0.1", port)


def test_the_host_must_be_this_machine() -> None:
    with pytest.raises(
        ListenError, match=r"^cannot listen on 192\.0\.2\.1:0: Cannot assign requested address$"
    ):
        bind("192.0.2.1", 0)
