"""The connection to Valkey: how it gets in, and what it makes of all that can go wrong on it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.storage.question import ErrorReply
from app.storage.valkey import Valkey
from tests.valkeys import OwnValkey, own_valkey
from tests.waiting import PATIENCE_S

GET = ("GET", "k")
TLS = Path(__file__).parents[1] / "tls"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnValkey]:
    """A server that lets nobody in without a password."""
    with own_valkey(
        tmp_path_factory.mktemp("own"),
        "--requirepass",
        "s3/cret",
        "--user",
        *["shop", "on", ">p@ss", "~*", "+@all"],
        "--user",
        *["open", "on", "nopass", "~*", "+@all"],
    ) as running:
        yield running


async def ask(valkey: Valkey, *command: str | bytes | int, within_s: float = PATIENCE_S) -> Any:
    return await valkey.ask(command, within_s=within_s).wait()


@pytest_asyncio.fixture
async def opened() -> AsyncIterator[Callable[[str], Valkey]]:
    """Opens connections that end with the test."""
    made: list[Valkey] = []

    def open_valkey(url: str) -> Valkey:
        made.append(Valkey(url))
        return made[-1]

    yield open_valkey
    for valkey in made:
        valkey.close()


Open = Callable[[str], Valkey]


@pytest.mark.parametrize(
    "url",
    [
        "unix://:s3%2Fcret@{socket}",
        "redis://:s3%2Fcret@127.0.0.1:{port}",
        "redis://shop:p%40ss@localhost:{port}/0",
        "redis://127.0.0.1:{port}?username=shop&password=p%40ss",
        "redis://open@127.0.0.1:{port}",
    ],
)
async def test_it_gets_in_as_the_url_says(guarded: OwnValkey, opened: Open, url: str) -> None:
    valkey = opened(url.format(socket=guarded.socket, port=guarded.port))

    assert await ask(valkey, "PING") == b"PONG"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://127.0.0.1:{port}", "NOAUTH"),
        ("redis://:wrong@127.0.0.1:{port}", "WRONGPASS"),
        ("redis://:s3%2Fcret@127.0.0.1:{port}/99", "out of range"),
        ("redis://127.0.0.1:1", "127.0.0.1:1"),
        ("unix:///nowhere/valkey.sock", "/nowhere/valkey.sock"),
    ],
)
async def test_who_does_not_get_in_hears_why(guarded: OwnValkey, opened: Open, url: str, says: str) -> None:
    valkey = opened(url.format(port=guarded.port))

    with pytest.raises(ConnectionError, match=says):
        await ask(valkey, *GET)


def test_no_password_is_told_of_an_address() -> None:
    assert "s3cret" not in repr(Valkey("redis://:s3cret@127.0.0.1")._first.address)


async def test_each_database_has_its_own_keys(guarded: OwnValkey, opened: Open) -> None:
    first, other = (opened(f"redis://:s3%2Fcret@127.0.0.1:{guarded.port}/{db}") for db in (1, 2))

    await ask(first, "SET", "k", "of the first")

    assert await ask(first, *GET) == b"of the first"
    assert await ask(other, *GET) is None


async def test_it_talks_through_tls_to_whom_the_certificate_names(guarded: OwnValkey, opened: Open) -> None:
    async with behind_tls(guarded) as port:
        trusting = f"rediss://:s3%2Fcret@localhost:{port}?ssl_ca_certs={TLS / 'cert.pem'}"

        assert await ask(opened(trusting), "ECHO", "through") == b"through"
        with pytest.raises(ConnectionError, match="certificate"):
            await ask(opened(f"rediss://:s3%2Fcret@localhost:{port}"), *GET)


async def test_an_error_reaches_who_asked_and_nobody_else(guarded: OwnValkey, opened: Open) -> None:
    valkey = opened(f"redis://:s3%2Fcret@127.0.0.1:{guarded.port}")
    await ask(valkey, "SET", "text", "x")

    asked: list[Any] = await asyncio.gather(
        *(ask(valkey, *command) for command in (("GET", "text"), ("LPUSH", "text", 1), ("NONSENSE",))),
        return_exceptions=True,
    )
    right, wrong, unknown = asked

    assert right == b"x"
    assert isinstance(wrong, ErrorReply)
    assert str(wrong).startswith("WRONGTYPE")
    assert isinstance(unknown, ErrorReply)


async def test_thousands_at_once_each_get_their_own_answer(guarded: OwnValkey, opened: Open) -> None:
    valkey = opened(f"redis://:s3%2Fcret@127.0.0.1:{guarded.port}")
    texts = [f"{number}".encode() * (number % 50) for number in range(5_000)]

    assert await asyncio.gather(*(ask(valkey, "ECHO", text) for text in texts)) == texts


async def test_who_stops_waiting_takes_nothing_from_the_others(guarded: OwnValkey, opened: Open) -> None:
    valkey = opened(f"redis://:s3%2Fcret@127.0.0.1:{guarded.port}")
    question = valkey.ask(("ECHO", "x"), within_s=PATIENCE_S)
    impatient, patient = question.wait(), question.wait()

    impatient.cancel()

    assert await patient == b"x"
    assert await ask(valkey, "ECHO", "y") == b"y"


async def test_closing_tells_those_who_wait(guarded: OwnValkey, opened: Open) -> None:
    valkey = opened(f"redis://:s3%2Fcret@127.0.0.1:{guarded.port}")
    await ask(valkey, "PING")
    waiting = valkey.ask(("BLPOP", "nothing", 0), within_s=10).wait()
    await asyncio.sleep(0)

    valkey.close()

    with pytest.raises(ConnectionError, match="closed"):
        await waiting


@asynccontextmanager
async def behind_tls(server: OwnValkey) -> AsyncIterator[int]:
    """Let a server be reached through TLS, with a certificate of these tests' own for localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(str(server.socket))
        await asyncio.gather(_copy(reader, questions), _copy(answers, writer))

    listening = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    yield listening.sockets[0].getsockname()[1]
    listening.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()
