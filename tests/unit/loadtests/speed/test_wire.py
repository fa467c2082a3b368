from typing import Any

import pytest
import uvicorn

from loadtests.speed.bare import CONSTANT, bare
from loadtests.speed.cases import bare_config
from loadtests.speed.pages import decide_body, request
from loadtests.speed.wire import Lines, read_answers


def asked(number: int) -> bytes:
    return request("/decide", "pk_1", number, decide_body(number))


async def test_every_connection_is_answered_as_often_as_it_asks() -> None:
    lines = Lines(bare_config(), 3)
    for _ in range(2):
        await lines.exchange([asked(number) for number in range(3)])
    answers = lines.answers()
    assert [[answer.status for answer in answered] for answered in answers] == [[200, 200]] * 3
    assert {answer.body for answered in answers for answer in answered} == {CONSTANT}
    assert lines.answers() == [[], [], []]
    lines.close()


async def test_an_answer_has_the_headers_that_the_server_adds() -> None:
    lines = Lines(bare_config(), 1)
    await lines.exchange([asked(1)])
    ((answer,),) = lines.answers()
    assert answer.header("date") is not None
    assert answer.header("content-length") == str(len(CONSTANT)) == "800"


async def test_who_hangs_up_instead_of_answering_is_noticed() -> None:
    lines = Lines(bare_config(), 2)
    with pytest.raises(ConnectionError, match="400 Bad Request"):
        await lines.exchange([b"no HTTP\r\n\r\n", asked(2)])


async def test_the_protocol_that_a_configuration_names_is_the_one_measured() -> None:
    seen: list[str] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])
        await bare(scope, receive, send)

    config = uvicorn.Config(app, http="h11", lifespan="off")
    lines = Lines(config, 1)
    await lines.exchange([asked(1)])
    assert seen == ["203.0.113.7"]
    assert config.http_protocol_class.__name__ == "H11Protocol"


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}", b"HTTP/1.1 200 OK\r\n\r\n{}", b"HTTP/1.1 200"]
)
def test_half_an_answer_is_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="no whole answer"):
        read_answers(data)


async def test_the_bare_app_starts_and_stops_like_any() -> None:
    to_app = iter(["lifespan.startup", "lifespan.shutdown"])
    told: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(to_app)}

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    await bare({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
