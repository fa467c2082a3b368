"""The connection to Valkey: how it gets in, and what it makes of all that can go wrong on it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import hiredis
import pytest
import pytest_asyncio

from app.storage.question import ErrorReply
from app.storage.resp import AT_ONCE, DEAF_S
from app.storage.valkey import Valkey
from tests.valkeys import OwnValkey, own_valkey
from tests.waiting import until

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
    ) as running:
        yield running


async def ask(valkey: Valkey, *command: str | bytes | int, within_s: float = 10) -> Any:
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
    question = valkey.ask(("ECHO", "x"), within_s=10)
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


# --- A server that says what a test makes it say ---

HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"


class Scripted:
    """Answers the greeting as it should, and then as it is told: a list of what to say to each command."""

    def __init__(self, *says: bytes | None) -> None:
        self.heard: list[list[bytes]] = []
        self._says = list(says)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        parser, is_greeted = hiredis.Reader(), False
        while data := await reader.read(65_536):
            parser.feed(data)
            while (command := parser.gets()) is not False:
                if is_greeted and not await self._answer(command, writer):
                    return
                is_greeted = True
        writer.close()

    async def _answer(self, command: list[bytes], writer: asyncio.StreamWriter) -> bool:
        self.heard.append(command)
        says = self._says.pop(0) if self._says else b"+OK\r\n"
        if says is None:
            writer.close()
            return False
        # Byte by byte, as the worst of networks brings it.
        for place in range(len(says)):
            writer.write(says[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0)
        return True


@asynccontextmanager
async def scripted(folder: Path, says: Sequence[bytes | None]) -> AsyncIterator[tuple[Scripted, Valkey]]:
    server = Scripted(*says)
    listening = await asyncio.start_unix_server(server.meet, folder / "scripted.sock")
    valkey = Valkey(f"unix://{folder / 'scripted.sock'}")
    yield server, valkey
    valkey.close()
    listening.close()
    await listening.wait_closed()


@pytest.mark.parametrize(
    "reply",
    [
        b"$3\r\nabc\r\n",
        b"$-1\r\n",
        b"_\r\n",
        b"*2\r\n$1\r\na\r\n$-1\r\n",
        b">2\r\n+message\r\n+x\r\n$3\r\nabc\r\n",
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n",
    ],
    ids=["text", "none", "null", "array", "behind a push", "behind an invalidation"],
)
async def test_a_reply_may_come_in_any_pieces(tmp_path: Path, reply: bytes) -> None:
    async with scripted(tmp_path, [reply]) as (_, valkey):
        answer = await ask(valkey, *GET)

        assert answer in (b"abc", None, [b"a", None], b"OK")
        assert await ask(valkey, *GET) == b"OK"


async def test_while_it_loads_its_data_it_says_so(tmp_path: Path) -> None:
    async with scripted(tmp_path, [b"-LOADING Valkey is loading the dataset in memory\r\n"]) as (_, valkey):
        with pytest.raises(ErrorReply, match="LOADING"):
            await ask(valkey, *GET)

        assert await ask(valkey, *GET) == b"OK"


@pytest.mark.parametrize(
    "broken", [b"?what\r\n", b"$3\r\nab", b"+OK\r\n+OK\r\n+and more\r\n"], ids=["garbage", "half", "too much"]
)
async def test_after_nonsense_a_new_connection_is_made(tmp_path: Path, broken: bytes) -> None:
    async with scripted(tmp_path, [broken, None]) as (_, valkey):
        with suppress(ConnectionError):
            await asyncio.gather(ask(valkey, *GET), ask(valkey, *GET))

        async def answers() -> bool:
            with suppress(ConnectionError):
                return bool(await ask(valkey, *GET) == b"OK")
            return False

        await until(answers)


async def test_all_who_wait_hear_that_the_connection_was_lost(tmp_path: Path) -> None:
    async with scripted(tmp_path, [b"+first\r\n", None]) as (_, valkey):
        answers = await asyncio.gather(*(ask(valkey, *GET) for _ in range(3)), return_exceptions=True)

        assert answers[0] == b"first"
        assert [type(answer) for answer in answers[1:]] == [ConnectionError, ConnectionError]
        assert await ask(valkey, *GET) == b"OK"


async def test_who_only_follows_is_left_for_whoever_leads_now(tmp_path: Path) -> None:
    readonly = b"-READONLY You can't write against a read only replica.\r\n"
    async with scripted(tmp_path, [readonly]) as (server, valkey):
        with pytest.raises(ErrorReply, match="READONLY"):
            await ask(valkey, "SET", "k", "v")
        before = valkey._first._resp

        assert await ask(valkey, "SET", "k", "v") == b"OK"
        assert valkey._first._resp is not before
        assert len(server.heard) == 2


async def test_what_comes_too_late_is_nobody_elses_answer(tmp_path: Path) -> None:
    async with deaf(tmp_path) as (server, valkey):
        server.says.set()
        assert await ask(valkey, *GET) == b"0"
        server.says.clear()

        late: list[Any] = []
        question = valkey.ask(GET, within_s=0.01, heard=late.append)
        with pytest.raises(TimeoutError):
            await question.wait()
        assert question.is_late
        server.says.set()

        assert await ask(valkey, *GET) == b"2"
        assert late == [b"1"]


async def test_who_leaves_a_question_without_an_answer_is_called_anew(tmp_path: Path) -> None:
    async with deaf(tmp_path) as (server, valkey):
        server.says.set()
        await ask(valkey, *GET)
        before = valkey._first._resp
        server.says.clear()

        with pytest.raises(ConnectionError, match=f"{DEAF_S} s"):
            await ask(valkey, *GET, within_s=60)

        server.says.set()
        await ask(valkey, *GET)
        assert valkey._first._resp is not before


async def test_nobody_waits_for_one_that_failed_again_and_again(tmp_path: Path) -> None:
    async with deaf(tmp_path) as (_, valkey):
        refused = [await _outcome(valkey) for _ in range(30)]

        assert refused[0] is TimeoutError
        assert refused.count(TimeoutError) < 30


async def _outcome(valkey: Valkey) -> type[BaseException] | None:
    try:
        await ask(valkey, *GET, within_s=0.001)
    except OSError as error:
        return TimeoutError if isinstance(error, TimeoutError) else ConnectionError
    return None


async def test_no_more_wait_than_can_ever_be_answered(tmp_path: Path) -> None:
    async with deaf(tmp_path) as (server, valkey):
        waiting = [valkey.ask(GET, within_s=60).wait() for _ in range(AT_ONCE)]

        with pytest.raises(ConnectionError, match="wait for Valkey already"):
            valkey.ask(GET, within_s=60)

        server.says.set()
        assert len(await asyncio.gather(*waiting)) == AT_ONCE


class Deaf:
    """Counts what it is asked, and answers with the number once it `says` anything."""

    def __init__(self) -> None:
        self.says = asyncio.Event()
        self.asked = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser, is_greeted = hiredis.Reader(), False
        writer.write(HELLO)
        while data := await reader.read(65_536):
            parser.feed(data)
            while parser.gets() is not False:
                if is_greeted:
                    await self.says.wait()
                    writer.write(b"$%d\r\n%d\r\n" % (len(str(self.asked)), self.asked))
                    self.asked += 1
                is_greeted = True
        writer.close()


@asynccontextmanager
async def deaf(folder: Path) -> AsyncIterator[tuple[Deaf, Valkey]]:
    server = Deaf()
    listening = await asyncio.start_unix_server(server.meet, folder / "deaf.sock")
    valkey = Valkey(f"unix://{folder / 'deaf.sock'}")
    yield server, valkey
    valkey.close()
    server.says.set()
    listening.close()
    await listening.wait_closed()


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
