"""The operations by who uses them: every tag there is, and the group that it stands in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# By group: what each tag is for.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Websites": {
        "pages": "What pages, and the servers behind them, ask at every page load. A public key will do.",
    },
    "Admins": {
        "config": "The draft: everything that a site shows, and to whom.",
        "revisions": "Publishing the draft, and what was published before.",
        "preview": "Looking at what is not in force yet, or as somebody else.",
        "profiles": "What is remembered of a visitor.",
    },
    "Experimenters": {
        "results": "What experiments have come to.",
        "decisions": "Why somebody was shown what they were shown.",
    },
    "Operators": {
        "operations": "How a process fares.",
    },
}


def tags_used(document: Mapping[str, Any]) -> set[str]:
    """List the tags of all operations."""
    return {tag for operation in operations_in(document) for tag in operation.get("tags", ())}


def operations_in(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """List the operations of an OpenAPI document."""
    for methods in document["paths"].values():
        yield from (operation for operation in methods.values() if isinstance(operation, dict))


def described_tags(used: Iterable[str]) -> list[dict[str, str]]:
    """Describe the tags that are used, as `tags` of an OpenAPI document."""
    known = set(used)
    return [
        {"name": tag, "description": about}
        for tags in GROUPS.values()
        for tag, about in tags.items()
        if tag in known
    ]


def tag_groups(used: Iterable[str]) -> list[dict[str, Any]]:
    """Group the tags that are used, as `x-tagGroups` of an OpenAPI document."""
    known = set(used)
    groups = [(group, [tag for tag in tags if tag in known]) for group, tags in GROUPS.items()]
    return [{"name": group, "tags": tags} for group, tags in groups if tags]
