import pytest

from app.api.consent import said
from app.api.wire import ConsentBody


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        (ConsentBody(), {}),
        (ConsentBody(personalization=True), {"personalization": True}),
        (ConsentBody(False, False), {"personalization": False, "analytics": False}),
    ],
)
def test_only_what_is_said_is_listed(body: ConsentBody, answers: dict[str, bool]) -> None:
    assert said(body) == answers
