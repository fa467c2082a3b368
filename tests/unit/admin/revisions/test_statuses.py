"""Which experiments a publish moves to another status."""

from typing import Any

from app.admin.revisions.statuses import status_changes


def document(**statuses: str | None) -> dict[str, Any]:
    """Experiments with their statuses; None says nothing of it."""
    said = {key: {} if status is None else {"status": status} for key, status in statuses.items()}
    return {"experiments": [{"key": key, **status} for key, status in said.items()]}


def changes(before: dict[str, Any] | None, after: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    told = status_changes(before, after, 7)
    assert all(each.event == "experiment.status_changed" and each.data["revision"] == 7 for each in told)
    return [(each.data["experiment"], each.data["before"], each.data["after"]) for each in told]


def test_each_experiment_with_another_status_is_told() -> None:
    before, after = (
        document(a="draft", b="running", c="running"),
        document(a="running", b="stopped", c="running"),
    )
    assert changes(before, after) == [("a", "draft", "running"), ("b", "running", "stopped")]


def test_a_new_experiment_was_a_draft() -> None:
    assert changes(None, document(a="running", b=None)) == [("a", "draft", "running")]


def test_nothing_said_is_a_draft() -> None:
    assert changes(document(a=None), document(a="draft")) == []


def test_one_that_is_gone_has_no_status_any_more() -> None:
    assert changes(document(a="stopped"), {}) == [("a", "stopped", None)]
