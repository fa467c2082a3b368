import re

import pytest

from loadtests.speed.pages import AGENTS, decide_body, request
from loadtests.speed.wrk import Told, find_wrk, pieces_of, read_told, script


@pytest.mark.parametrize("number", [0, 35, 36, 997, 50_123])
def test_the_pieces_make_up_the_request_of_any_visitor(number: int) -> None:
    pieces = pieces_of("pk_1")
    body = pieces.before + b"%012x" % number + pieces.between + b"%03d" % (number % 997) + pieces.after
    assert pieces.heads[number % len(AGENTS)] + body == request(
        "/decide", "pk_1", number, decide_body(number)
    )


def test_a_script_is_plain_text_that_holds_the_very_bytes() -> None:
    text = script("pk_1", range(10, 20))
    assert "local first, last = 10, 19" in text
    first = re.search(r'local heads = \{ "([^"]*)"', text)
    assert first is not None
    assert bytes(int(code) for code in first[1].split("\\")[1:]) == pieces_of("pk_1").heads[0]


def test_what_wrk_did_is_read_from_its_last_line() -> None:
    assert read_told("Running 1s test\n...\n\nTOLD 1200 1500000 3\n") == Told(1_200, 1.5, 3)


def test_who_has_no_wrk_is_told_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="apt-get install wrk"):
        find_wrk()
