from pathlib import Path

import pytest

from loadtests.replay import main, parse_options

RUNNING = ["--url", "http://127.0.0.1:1", "--public-key", "pk_a", "--secret-key", "sk_b"]


def test_with_nothing_said_it_starts_a_service_for_its_own_journeys() -> None:
    options = parse_options([])
    assert (options.file, options.url, options.workers, options.concurrency, options.limit) == (
        None,
        None,
        1,
        16,
        None,
    )


def test_a_running_service_needs_keys_and_database(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(RUNNING)
    assert "go together" in capsys.readouterr().err
    assert parse_options([*RUNNING, "--database-url", "postgresql://db"]).url == "http://127.0.0.1:1"


@pytest.mark.parametrize("option", ["--workers", "--concurrency", "--limit"])
@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_counts_are_one_or_more(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options([option, value])
    assert option in capsys.readouterr().err


def test_a_file_that_cannot_be_read_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere.csv")]) == 1
    assert "nowhere.csv" in capsys.readouterr().err


def test_a_service_that_is_away_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUNNING, "--database-url", "postgresql://db"]) == 1
    assert "GET /api/v1/config: ConnectionRefusedError" in capsys.readouterr().err
