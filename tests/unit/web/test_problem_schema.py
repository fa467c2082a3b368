from fastapi import FastAPI

from app.web.problem_schema import problems


def test_a_route_documents_its_problems_as_problem_json_alone() -> None:
    app = FastAPI()
    app.get("/", responses=problems(404, 422))(lambda: None)
    answers = app.openapi()["paths"]["/"]["get"]["responses"]
    assert list(answers["404"]["content"]) == list(answers["422"]["content"]) == ["application/problem+json"]
    assert answers["404"]["description"] == "Not Found"
