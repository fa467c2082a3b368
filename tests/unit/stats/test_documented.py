"""docs/statistics.md holds every public function of app/stats: its exact signature, formula and source."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "statistics.md"
HEADING = "## Every function\n"


def rendered() -> str:
    """Every module's public names, as they are in the code."""
    return "\n".join(line for path in sorted((ROOT / "app" / "stats").glob("[a-z]*.py")) for line in of(path))


def of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    yield from (f"\n### `app.stats.{path.stem}`", "", ast.get_docstring(tree) or "")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield from ("", "```python", signature(node), "```", "", ast.get_docstring(node) or "")


def signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.FunctionDef):
        assert node.returns is not None
        return f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
    fields = [ast.unparse(field) for field in node.body if isinstance(field, ast.AnnAssign)]
    return f"{node.name}({', '.join(fields)})"


def test_every_public_name_stands_in_the_document_as_it_is_in_the_code() -> None:
    _, _, section = PAGE.read_text().partition(HEADING)
    assert section.split("\n") == [*rendered().split("\n"), ""]
