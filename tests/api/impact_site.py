"""A site with a revision and another draft, in every part of which something is another."""

from collections.abc import Mapping
from typing import Any

from app.engine.compile import compile_ruleset, parse_document
from tests.api.logged import PLACEMENTS
from tests.builders import arm, delivering, experiment, journey, placement, rule, segment, variant

LONG = [placement(key, "default", "offer", "other") for key in PLACEMENTS]
KNOWN = {"key": "known", "when": {"events.viewed.count": {"$gte": 3}}, "decay_after_days": 30}
PUBLISHED: Mapping[str, Any] = {
    "placements": LONG,
    "segments": [
        segment("vip", {"traits.vip": True}),
        segment("german", {"context.country": "DE"}),
        segment("keen", {"events.viewed.count": {"$gte": 4}}),
    ],
    "journeys": [journey("new", KNOWN)],
    "experiments": [experiment()],
    "rules": [
        rule("capped", priority=900, cap={"count": 1}, audience={"segments": ["keen"]}),
        delivering("hero-copy", priority=800, audience={"segments": ["vip"]}),
        rule("sale", placements=[*PLACEMENTS], audience={"condition": {"traits.score": {"$gt": 50}}}),
        rule("side", placements=["home.side"], priority=1),
    ],
    "holdout": {"percent": 10},
}
DRAFT: Mapping[str, Any] = {
    **PUBLISHED,
    "placements": [
        placement(
            "home.hero", variants=[variant("default"), variant("offer", content="new"), variant("other")]
        ),
        *LONG[1:],
    ],
    "segments": [
        segment("vip", {"traits.vip": True, "context.country": {"$ne": "FR"}}),
        segment("german", {"context.country": {"$in": ["DE", "GB"]}}),
        segment("keen", {"events.viewed.count": {"$gte": 4}}),
        segment("fresh", {"stage": "new"}),
    ],
    "journeys": [journey("new", {**KNOWN, "when": {"events.viewed.count": {"$gte": 5}}}, "loyal")],
    "experiments": [experiment(arms=[arm("control", "default"), arm("treatment", weight=3)])],
    "rules": [
        rule("capped", priority=900, cap={"count": 2}, audience={"segments": ["keen"]}),
        delivering("hero-copy", priority=800, audience={"segments": ["vip"]}),
        rule(
            "sale",
            placements=[*PLACEMENTS],
            deliver={"variant": "other"},
            priority=400,
            audience={"condition": {"traits.score": {"$gt": 20, "$lt": 80}}},
        ),
        rule("new-one", placements=["list.top"], priority=999, audience={"segments": ["fresh"]}),
    ],
}
BEFORE, AFTER = (compile_ruleset(parse_document(document), 1) for document in (PUBLISHED, DRAFT))
