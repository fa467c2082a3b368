"""The share of lines and branches that tests must reach, by package: a pytest plugin, on in `make test`."""

import io
import warnings
from pathlib import Path

import pytest
from coverage import Coverage
from coverage.exceptions import CoverageWarning

FLOORS = {
    "app": 95.0,
    "app/engine": 100.0,
    "app/stats": 100.0,
    "app/decision": 100.0,
    "app/journal": 100.0,
}
DATA = Path(".local/coverage")
_REPORT = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Add up what this process and the ones it started have run; too little fails the whole session."""
    own = Coverage.current()
    if own is None or session.exitstatus != pytest.ExitCode.OK:
        return
    own.stop()
    own.save()
    if hasattr(session.config, "workerinput"):
        # One of several processes that test: the one that started them adds up.
        return
    together = Coverage(data_file=str(DATA / "together"))
    with warnings.catch_warnings():
        # A process that a test killed while it wrote has left a file that cannot be read.
        warnings.simplefilter("ignore", CoverageWarning)
        together.combine([str(path) for path in DATA.glob("data.*")], keep=True)
    text = io.StringIO()
    together.report(file=text)
    for package, floor in FLOORS.items():
        reached = together.report(include=[f"{package}/*"], file=io.StringIO(), skip_covered=False)
        if reached < floor:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        verdict = "ok" if reached >= floor else "TOO LOW"
        text.write(f"{package}: {reached:.2f} % of lines and branches, at least {floor:g} %: {verdict}\n")
    session.config.stash[_REPORT] = text.getvalue()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print it above pytest's closing line."""
    terminalreporter.section("coverage")
    terminalreporter.write(config.stash.get(_REPORT, "not looked at: tests failed first\n"))
