import json
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData, UndefinedStatusCode

from app.main import openapi_document
from tests.fuzz.refusals import NOBODY, OWN_KEY, before_call, filter_failure

CONDITION = "/audience/condition/a"


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(openapi_document())


def case_of(schema: Any, name: str, **said: Any) -> Case[Any]:
    method, path = name.split()
    case: Case[Any] = schema[path][method].Case(media_type="application/json", **said)
    return case


def answer(status: int, *errors: tuple[str, str]) -> Response:
    told = [{"pointer": pointer, "message": message} for pointer, message in errors]
    content = json.dumps({"errors": told}).encode()
    return Response(
        status, {}, content, requests.Request("GET", "http://service").prepare(), 0.0, verify=False
    )


def is_failure(case: Case[Any], response: Response, failure: type[Failure] = RejectedPositiveData) -> bool:
    if failure is RejectedPositiveData:
        found: Failure = RejectedPositiveData(operation="", message="", status_code=422, allowed_statuses=[])
    else:
        found = UndefinedStatusCode(
            operation="", message="", status_code=500, defined_status_codes=[], allowed_status_codes=[]
        )
    return bool(filter_failure(HookContext(operation=case.operation), found, case, response))


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("PUT /api/v1/rules/{key}", {}, (CONDITION, "unknown operator")),
        ("PUT /api/v1/rules/{key}", {}, ("/key", "must be 'a', as in the path; a key never changes")),
        ("PUT /api/v1/rules/{key}", {"priority": 5.0}, ("/priority", "must be an integer")),
        ("PATCH /api/v1/rules/{key}", {}, ("/cap/count", "is required")),
        ("POST /api/v1/revisions", {}, ("/rules/0/placements/0", "is unknown")),
    ],
)
def test_what_no_schema_can_say_is_no_failure(
    schema: Any, name: str, body: dict[str, Any], error: tuple[str, str]
) -> None:
    assert not is_failure(case_of(schema, name, body=body), answer(422, error))


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("PUT /api/v1/rules/{key}", {}, ("/cap/count", "is required")),
        ("PUT /api/v1/rules/{key}", {"priority": "5"}, ("/priority", "must be an integer")),
        ("PUT /api/v1/rules/{key}", {"priority": [1]}, ("/priority/1", "must be an integer")),
        ("PUT /api/v1/rules/{key}", {}, ("/theme", "Input should be a valid string")),
        ("PUT /api/v1/rules/{key}", {}, ("/rules/0/placements/0", "is unknown")),
    ],
)
def test_what_a_schema_can_say_is_one(
    schema: Any, name: str, body: dict[str, Any], error: tuple[str, str]
) -> None:
    assert is_failure(case_of(schema, name, body=body), answer(422, (CONDITION, "is wrong"), error))


def test_a_stale_etag_is_no_failure_where_one_is_asked_for(schema: Any) -> None:
    assert not is_failure(case_of(schema, "PUT /api/v1/rules/{key}"), answer(412))
    assert is_failure(case_of(schema, "GET /api/v1/rules/{key}"), answer(412))


def test_a_refusal_that_names_no_place_is_a_failure(schema: Any) -> None:
    assert is_failure(case_of(schema, "POST /api/v1/rules"), answer(422))
    assert is_failure(case_of(schema, "POST /api/v1/rules"), answer(415, (CONDITION, "is wrong")))


def test_no_other_failure_is_dropped(schema: Any) -> None:
    case = case_of(schema, "PUT /api/v1/rules/{key}")

    assert is_failure(case, answer(422, (CONDITION, "is wrong")), UndefinedStatusCode)


def test_the_key_that_asks_is_kept(schema: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN_KEY, "mine")
    mine = case_of(schema, "DELETE /api/v1/keys/{key_id}", path_parameters={"key_id": "mine"})
    other = case_of(schema, "DELETE /api/v1/keys/{key_id}", path_parameters={"key_id": "other"})

    for case in (mine, other):
        before_call(HookContext(operation=case.operation), case, {})

    assert (mine.path_parameters["key_id"], other.path_parameters["key_id"]) == (NOBODY, "other")
