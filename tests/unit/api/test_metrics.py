import os
from pathlib import Path

from prometheus_client import generate_latest

from app.api.metrics import registry_of
from app.api.tally import Tally
from app.journal.append import FileJournal
from app.journal.lag import JournalLag
from tests.builders import event
from tests.fakes import AwayPool

OF = f'pid="{os.getpid()}"'


def lag_of(folder: Path) -> JournalLag:
    return JournalLag(folder, AwayPool())  # type: ignore[arg-type] # all that is asked of a pool


def written(tally: Tally, journal: FileJournal, lag: JournalLag) -> list[str]:
    return generate_latest(registry_of(tally, journal, lag, {"profile": 2})).decode().splitlines()


async def test_the_metrics_tell_what_was_answered_and_what_the_journal_took(tmp_path: Path) -> None:
    tally, journal = Tally(), FileJournal(tmp_path)
    tally.count("/decide", 200, 2_000_000)
    tally.count("/decide", 200, 500_000)
    tally.count("/decide", 422, 0)
    await journal.append([event("page_viewed")])
    journal.refused = 3

    lines = written(tally, journal, lag_of(tmp_path))
    journal.close()

    assert f'signpost_answers_total{{path="/decide",{OF},status="200"}} 2.0' in lines
    assert f'signpost_answers_total{{path="/decide",{OF},status="422"}} 1.0' in lines
    assert f'signpost_answer_seconds_total{{path="/decide",{OF}}} 0.0025' in lines
    assert f"signpost_journal_records_total{{{OF}}} 1.0" in lines
    assert f"signpost_journal_bytes_total{{{OF}}} {float(journal.bytes)}" in lines
    assert f"signpost_journal_refused_total{{{OF}}} 3.0" in lines
    assert f'signpost_decisions_degraded_total{{lacking="profile",{OF}}} 2.0' in lines


async def test_the_metrics_tell_how_far_behind_postgresql_is(tmp_path: Path) -> None:
    journal, lag = FileJournal(tmp_path), lag_of(tmp_path)
    await journal.append([event("page_viewed")])
    await lag.look()
    journal.close()

    lines = written(Tally(), journal, lag)

    assert f"signpost_journal_lag_bytes{{{OF}}} {float(journal.bytes)}" in lines
    [seconds] = [
        line.split()[1] for line in lines if line.startswith(f"signpost_journal_lag_seconds{{{OF}}} ")
    ]
    assert float(seconds) == lag.seconds > 0
