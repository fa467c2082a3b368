"""What comes of all that a server, or the wire to it, can do wrong."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.storage.question import ErrorReply
from app.storage.resp import AT_ONCE, DEAF_S
from app.storage.valkey import Valkey
from tests.scripted import deaf, scripted
from tests.waiting import until

GET = ("GET", "k")


async def ask(valkey: Valkey, *command: str | bytes | int, within_s: float = 10) -> Any:
    return await valkey.ask(command, within_s=within_s).wait()


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
