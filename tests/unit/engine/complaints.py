"""How the tests ask what is wrong with a document."""

from typing import Any

import pytest

from app.engine.compile import compile_ruleset, parse_document
from app.engine.problems import Problems
from tests.builders import document


def complaints(**fields: Any) -> dict[str, str]:
    """Give what is wrong with a document: the message at each pointer."""
    with pytest.raises(Problems) as caught:
        compile_ruleset(parse_document(document(**fields)), 1)
    return {problem.pointer: problem.message for problem in caught.value.problems}
