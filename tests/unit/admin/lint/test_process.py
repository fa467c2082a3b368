"""Looking at documents in another process, which may die, hang or be of no more use."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.admin.findings import CODES, Lint
from app.admin.lint.process import ProcessLinter
from app.engine.problems import Problems
from app.kit.started import Started
from tests.builders import NOW, document, placement, rule
from tests.waiting import until

COVERED = document(rules=[rule("all", priority=600), rule("some", cap={"count": 1})])
NOT_CHECKED = Lint(not_checked=list(CODES))
LONG_S = 120.0


@asynccontextmanager
async def opened(**timing: float) -> AsyncIterator[ProcessLinter]:
    linter = ProcessLinter(**timing)
    try:
        yield linter
    finally:
        await linter.aclose()


async def codes(linter: ProcessLinter, asked: dict[str, Any], within_s: float = LONG_S) -> list[str]:
    return [finding.code for finding in (await linter.lint(asked, NOW, within_s=within_s)).findings]


def pid_of(linter: ProcessLinter) -> int:
    assert linter.pid is not None
    return linter.pid


async def test_a_document_is_looked_at() -> None:
    async with opened() as linter:
        assert linter.pid is None
        assert await codes(linter, COVERED) == ["rule_never_reached"]


async def test_one_process_looks_at_one_after_the_other() -> None:
    async with opened() as linter:
        await codes(linter, {})
        first = linter.pid
        found = await asyncio.gather(*(codes(linter, asked) for asked in (COVERED, document(), COVERED)))

        assert linter.pid == first
    assert found == [["rule_never_reached"], [], ["rule_never_reached"]]


async def test_what_is_wrong_with_a_document_is_raised() -> None:
    async with opened() as linter:
        with pytest.raises(Problems) as raised:
            await linter.lint(document(rules=[rule("a", placements=["nowhere"])]), NOW, within_s=LONG_S)

        assert [problem.pointer for problem in raised.value.problems] == ["/rules/0/placements/0"]
        assert await codes(linter, COVERED) == ["rule_never_reached"]


@asynccontextmanager
async def starting(within_s: float, **timing: float) -> AsyncIterator[tuple[ProcessLinter, Started]]:
    """Ask a process that comes to nothing as it starts; nobody waits longer for it than was said."""
    async with opened(**timing) as linter:
        looking = asyncio.create_task(linter.lint(COVERED, NOW, within_s=within_s))
        while linter._process is None:  # noqa: ASYNC110 - nothing says that it was started
            await asyncio.sleep(0)
        process = linter._process
        os.kill(process.pid, signal.SIGSTOP)
        assert await looking == NOT_CHECKED
        yield linter, process


async def test_a_process_that_is_still_starting_is_kept_for_the_next() -> None:
    async with starting(within_s=0.1, grace_s=LONG_S) as (linter, process):
        again = [linter.lint(COVERED, NOW, within_s=within_s) for within_s in (0.05, 0.1)]

        assert [*await asyncio.gather(*again)] == [NOT_CHECKED, NOT_CHECKED]
        assert linter.pid == process.pid
        os.kill(process.pid, signal.SIGCONT)
        assert await codes(linter, COVERED) == ["rule_never_reached"]
        assert linter.pid == process.pid


async def test_a_process_that_is_never_ready_is_replaced() -> None:
    async with starting(within_s=LONG_S, start_s=0.1) as (linter, process):
        assert await process.wait() == -signal.SIGKILL
        assert linter.pid is None


async def test_a_process_that_dies_as_it_starts_is_replaced() -> None:
    async with starting(within_s=0.1) as (linter, process):
        looking = asyncio.create_task(linter.lint(COVERED, NOW, within_s=LONG_S))
        await asyncio.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)

        assert await looking == NOT_CHECKED
        assert await codes(linter, COVERED) == ["rule_never_reached"]


async def test_a_process_that_is_still_starting_ends_with_all() -> None:
    async with starting(within_s=0.1) as (linter, process):
        await linter.aclose()

        assert await process.wait() == -signal.SIGKILL


async def test_a_process_whose_parent_is_gone_ends_once_it_has_started() -> None:
    async with starting(within_s=0.1) as (_, process):
        process.stdin.close()
        os.kill(process.pid, signal.SIGCONT)

        assert await process.wait() == 0


async def test_a_process_that_hangs_is_replaced() -> None:
    async with opened(grace_s=0.01) as linter:
        await codes(linter, {})
        first = pid_of(linter)
        os.kill(first, signal.SIGSTOP)

        assert await linter.lint(COVERED, NOW, within_s=0.1) == NOT_CHECKED
        assert linter.pid is None
        assert await codes(linter, COVERED) == ["rule_never_reached"]
        assert linter.pid != first


async def test_nobody_waits_for_a_process_that_hangs_to_die(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a core that others keep busy, one that comes last does not even get to its own end."""
    async with opened(grace_s=0.01) as linter:
        await codes(linter, {})
        os.kill(pid_of(linter), signal.SIGSTOP)
        process = linter._process
        assert process is not None
        with monkeypatch.context() as patch:
            patch.setattr(Started, "wait", asyncio.Event().wait)
            async with asyncio.timeout(LONG_S):
                assert await linter.lint(COVERED, NOW, within_s=0.1) == NOT_CHECKED
                assert await codes(linter, COVERED) == ["rule_never_reached"]
        assert await process.wait() == -signal.SIGKILL


async def test_a_process_that_dies_at_work_is_replaced() -> None:
    async with opened() as linter:
        await codes(linter, {})
        first = pid_of(linter)
        os.kill(first, signal.SIGSTOP)
        looking = asyncio.create_task(linter.lint(COVERED, NOW, within_s=LONG_S))
        await asyncio.sleep(0)
        os.kill(first, signal.SIGKILL)

        assert await looking == NOT_CHECKED
        assert await codes(linter, COVERED) == ["rule_never_reached"]


async def test_a_process_that_died_meanwhile_is_replaced_unnoticed() -> None:
    async with opened() as linter:
        await codes(linter, {})
        process = linter._process
        assert process is not None
        process.kill()
        await process.wait()

        assert await codes(linter, COVERED) == ["rule_never_reached"]


async def test_whoever_goes_away_leaves_no_answer_to_the_next() -> None:
    async with opened() as linter:
        await codes(linter, {})
        os.kill(pid_of(linter), signal.SIGSTOP)
        looking = asyncio.create_task(linter.lint(COVERED, NOW, within_s=LONG_S))
        await asyncio.sleep(0.01)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking

        assert await codes(linter, document()) == []


async def test_a_process_that_nobody_asks_ends() -> None:
    async with opened(idle_s=0.01) as linter:
        await codes(linter, {})
        process = linter._process
        assert process is not None

        assert await process.wait() == 0
        assert linter.pid is None


async def test_without_any_time_nothing_is_checked() -> None:
    async with opened() as linter:
        found = await linter.lint(COVERED, NOW, within_s=0)

        assert found.findings == []
        assert "rule_never_reached" in found.not_checked


async def test_decisions_go_on_while_a_large_document_is_looked_at() -> None:
    placements = [placement(f"p{n}") for n in range(20)]
    rules = [
        rule(f"r{n}", placements=[f"p{n % 20}"], priority=n % 900, audience={"condition": {"traits.n": n}})
        for n in range(2_000)
    ]
    async with opened() as linter:
        looking = asyncio.create_task(
            linter.lint({"placements": placements, "rules": rules}, NOW, within_s=1)
        )
        turns = 0

        async def done() -> bool:
            nonlocal turns
            turns += 1
            return looking.done()

        await until(done)

        assert turns > 10
        assert (await looking).findings == []
