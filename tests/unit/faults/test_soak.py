from pathlib import Path

import pytest

from tests.faults.progress import HEADING, KINDS, line_of
from tests.faults.soak import JUDGED, parse_options


def test_it_takes_half_an_hour_unless_told_otherwise() -> None:
    options = parse_options([])

    assert (options.soak_s, options.every_s) == (1_800, 120)
    assert options.folder == Path(".local/soak")


def test_it_can_be_told_otherwise() -> None:
    options = parse_options(["--minutes", "3", "--every-s", "20"])

    assert (options.soak_s, options.every_s) == (180, 20)


def test_a_soak_without_time_for_three_rounds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_options(["--minutes", "1"])

    assert caught.value.code == 2
    assert "three rounds" in capsys.readouterr().err


def test_all_that_is_judged_is_looked_at() -> None:
    assert set(JUDGED) <= set(KINDS)


def test_the_lines_of_the_table_stand_under_its_heading() -> None:
    cells = ["1:00", "worker+shipper+postgres+valkey", "12345", "67", *("110.5" for _ in KINDS)]
    heading, line = line_of(HEADING), line_of(cells)

    for name, cell in zip(HEADING[:4], cells, strict=False):
        assert line.index(cell) == heading.index(name)
    assert line.rindex("110.5") == heading.rindex("Valkey")
