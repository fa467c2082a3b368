"""docs/statistics.md lists every public function of app/stats, with its exact signature."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "statistics.md"


def listed() -> Iterator[str]:
    """Every module's heading, and a line for each of its public functions and classes."""
    for path in sorted((ROOT / "app" / "stats").glob("[a-z]*.py")):
        lines = [line for node in ast.parse(path.read_text()).body if (line := described(node))]
        yield from (f"### `app.stats.{path.stem}`", *lines)


def described(node: ast.stmt) -> str | None:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
        return None
    promise = (ast.get_docstring(node) or "").splitlines()[0]
    return f"- `{signature(node)}`: {promise}"


def signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.FunctionDef):
        assert node.returns is not None
        return f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
    fields = [ast.unparse(field) for field in node.body if isinstance(field, ast.AnnAssign)]
    return f"{node.name}({', '.join(fields)})"


def test_every_public_name_stands_in_the_document_as_it_is_in_the_code() -> None:
    _, _, section = PAGE.read_text().partition("## Every function\n")
    assert [line for line in section.splitlines() if line] == list(listed())
