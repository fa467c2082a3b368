"""The operations by who uses them: the tags that routes may have, and the group of each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# By group: what each tag is for.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Websites": {
        "pages": "What pages, and the servers behind them, ask at every page load. A public key will do.",
    },
    "Admins": {
        "config": "The draft as one document: everything that a site shows, and to whom.",
        "site": "What holds for the whole site.",
        "placements": "Named places, and the variants that each can show.",
        "segments": "Named groups of visitors.",
        "journeys": "Named ways, and the stages on them.",
        "rules": "Who gets what where.",
        "lint": "What a draft says and perhaps does not mean.",
        "revisions": "Publishing the draft, and what was published before.",
        "preview": "Looking at what is not in force yet, or as somebody else.",
        "profiles": "What is remembered of a visitor.",
    },
    "Experimenters": {
        "experiments": "Randomized comparisons.",
        "metrics": "What experiments are judged by.",
        "exclusion_groups": "Experiments that share no visitors.",
        "holdout": "Visitors who are kept on default content.",
        "segments and stages": "How many visitors are in each.",
        "results": "What experiments have come to.",
        "decisions": "Why somebody was shown what they were shown.",
    },
    "Operators": {
        "operations": "How a process fares.",
        "keys": "Who may do what.",
        "audit": "Who changed what.",
        "webhooks": "Whom the service tells what has happened.",
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
