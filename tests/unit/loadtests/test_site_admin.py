from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from loadtests.service import ServiceError
from loadtests.site_admin import SiteAdmin

Serve = Callable[..., Any]


async def test_publishing_replaces_the_draft_and_answers_the_revision(
    server_saying: Serve, json_answer: Serve
) -> None:
    answers = {
        "GET /api/v1/config": json_answer(200, {"rules": []}, 'ETag: "17"'),
        "PUT /api/v1/config": json_answer(200, {}),
        "POST /api/v1/revisions": json_answer(201, {"number": 4, "warnings": []}),
    }
    async with server_saying(lambda line, _: answers[line]) as server:
        admin = SiteAdmin(server.target)
        assert await admin.publish({"site": {}}) == 4
        await admin.close()
    assert [line for line, _ in server.heard] == list(answers)
    assert msgspec.json.decode(server.heard[1][1]) == {"site": {}}


async def test_a_refused_document_is_told_in_the_services_own_words(
    server_saying: Serve, json_answer: Serve
) -> None:
    def answer(line: str, _: bytes) -> bytes:
        return bytes(json_answer(200 if line.startswith("GET") else 422, {"title": "wrong content"}))

    async with server_saying(answer) as server:
        admin = SiteAdmin(server.target)
        with pytest.raises(ServiceError, match=r"PUT /api/v1/config: 422 .*wrong content"):
            await admin.publish({})
        await admin.close()


async def test_results_are_asked_for_under_the_experiments_own_key(
    server_saying: Serve, json_answer: Serve
) -> None:
    said = {"metrics": [], "verdict": {"call": "keep_running", "why": "early"}, "units": 3}
    async with server_saying(lambda *_: json_answer(200, said)) as server:
        admin = SiteAdmin(server.target)
        results = await admin.results("$holdout")
        await admin.close()
    assert server.heard[0][0] == "GET /api/v1/experiments/%24holdout/results"
    assert results.verdict.why == "early"


async def test_results_of_another_shape_are_no_results(server_saying: Serve, json_answer: Serve) -> None:
    async with server_saying(lambda *_: json_answer(200, [])) as server:
        admin = SiteAdmin(server.target)
        with pytest.raises(ServiceError, match="another shape"):
            await admin.results("hero")
        await admin.close()


async def test_a_service_that_hangs_up_is_named_with_the_request(server_saying: Serve) -> None:
    async with server_saying(lambda *_: b"") as server:
        admin = SiteAdmin(server.target)
        with pytest.raises(ServiceError, match="GET /api/v1/config: IncompleteReadError"):
            await admin.publish({})
        await admin.close()
