"""What the process reads and writes."""

from io import BytesIO
from time import time
from typing import Any

import msgspec

from app.admin.lint.worker import READY, SIZE_BYTES, run
from tests.builders import NOW, document, rule


def framed(asked: dict[str, Any]) -> bytes:
    content = msgspec.json.encode({"document": asked, "now": NOW, "ends_at": time() + 60})
    return len(content).to_bytes(SIZE_BYTES) + content


def answers(*asked: dict[str, Any]) -> list[Any]:
    target = BytesIO()
    run(BytesIO(b"".join(map(framed, asked))), target)
    target.seek(0)
    assert target.read(len(READY)) == READY
    answered = []
    while size := target.read(SIZE_BYTES):
        answered.append(msgspec.json.decode(target.read(int.from_bytes(size))))
    return answered


def test_each_task_is_answered_in_turn_until_there_is_none() -> None:
    broken = document(rules=[rule("a", placements=["nowhere"])])
    tied = document(rules=[rule("a"), rule("b", cap={"count": 1}), rule("c", enabled=False)])

    first, second, third = answers(broken, tied, {})

    assert first["report"] is None
    assert [problem["pointer"] for problem in first["problems"]] == ["/rules/0/placements/0"]
    assert [found["code"] for found in second["report"]["findings"]] == ["priority_tie", "rule_never_reached"]
    assert third == {"report": {"findings": [], "unknown": [], "not_checked": []}, "problems": []}


def test_a_shape_that_is_wrong_is_a_problem_too() -> None:
    [answer] = answers({"rules": [{"key": 1}]})

    assert [problem["pointer"] for problem in answer["problems"]] == ["/rules/0/key"]
