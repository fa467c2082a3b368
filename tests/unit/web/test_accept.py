import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.accept import best_kind
from app.web.problems import ProblemError

JSON, YAML = "application/json", "application/yaml"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/yaml", YAML),
        ("Application/YAML; charset=utf-8", YAML),
        ("application/json, application/yaml", JSON),
        ("application/json;q=0.5, application/yaml", YAML),
        ("application/json;q=0.5, application/yaml;q=0.501", YAML),
        ("application/yaml;q=0.9, */*;q=0.8", YAML),
        ("application/yaml;q=0.1, */*;q=0.8", JSON),
        ("application/json;q=0, */*", YAML),
        ("application/*;q=0.2, application/yaml;q=0.1", JSON),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", JSON),
        ("application/yaml;level=1;q=0.3, text/html", YAML),
        ("application/json;q=nan, application/yaml;q=0.4", JSON),
        (" , ,application/yaml", YAML),
    ],
)
def test_what_is_liked_best_is_chosen(accept: str, kind: str) -> None:
    assert best_kind(accept, (JSON, YAML)) == kind


@pytest.mark.parametrize(
    "accept", ["text/html", "text/*", "*/*;q=0", "application/json;q=0, application/yaml;q=0.0", "json"]
)
def test_who_takes_none_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(ProblemError, match="application/json or application/yaml") as raised:
        best_kind(accept, (JSON, YAML))
    assert raised.value.status == 406


@given(st.text())
def test_whatever_stands_there_something_is_chosen_or_refused(accept: str) -> None:
    try:
        chosen = best_kind(accept, (JSON, YAML))
    except ProblemError:
        return
    assert chosen in {JSON, YAML}
