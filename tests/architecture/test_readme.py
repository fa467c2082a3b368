"""The map in the README is the tree."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a checkout has on a developer's machine only.
_LOCAL = {".git", ".venv", ".local", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def mapped() -> set[str]:
    """Read the paths that the README's map names."""
    block = re.search(r"## The map\n.*?```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    paths, folder = set(), ""
    for line in block[1].splitlines():
        name = re.match(r"(\s*)(\S+)", line)
        if name is None:
            continue
        if not name[1]:
            folder = name[2] if name[2].endswith("/") else ""
            paths.add(name[2].rstrip("/"))
        else:
            paths.add((folder + name[2]).rstrip("/"))
    return paths


def test_every_path_of_the_map_exists() -> None:
    assert [path for path in sorted(mapped()) if not (ROOT / path).exists()] == []


def test_everything_at_the_top_and_every_part_of_app_is_on_the_map() -> None:
    top = {path.name for path in ROOT.iterdir()} - _LOCAL
    parts = {
        f"app/{p.name}" for p in (ROOT / "app").iterdir() if p.name not in {"__init__.py", "__pycache__"}
    }
    assert (top | parts) - mapped() == set()
