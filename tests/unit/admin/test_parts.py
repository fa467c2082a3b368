import copy
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel, ValidationError

from app.admin import parts
from app.admin.config.examples import CONFIG
from app.admin.config.schemas import ConfigDocument
from app.engine import model
from app.engine.compile import compile_ruleset, parse_document

FULL: dict[str, Any] = {
    "site": {
        "origins": ["https://shop.example"],
        "timezone": "Europe/London",
        "default_locale": "en-GB",
        "consent": {"personalization": "denied", "analytics": "granted"},
        "expose": ["stage"],
        "retention": {"events_days": 90, "assignments_days": 3650, "decisions_days": 1},
        "identity_secret": "0123456789abcdef",
    },
    "placements": [
        {"key": "p", "default": "d", "variants": [{"key": "d", "content": {}, "locales": {"de_AT": ["x"]}}]}
    ],
    "segments": [{"key": "s", "condition": {"context.country": "DE"}}],
    "journeys": [
        {
            "key": "j",
            "primary": True,
            "stages": [
                {"key": "a"},
                {
                    "key": "b",
                    "when": {},
                    "stay": {},
                    "min_dwell_s": 1,
                    "decay_after_days": 0.5,
                    "precedence": -1,
                },
            ],
        }
    ],
    "metrics": [
        {
            "key": "m",
            "event": "order_completed",
            "kind": "ratio",
            "property": "value",
            "denominator": {"event": "page_viewed", "property": None},
            "window_days": 7,
            "where": {},
            "direction": "down",
            "cap": {"percentile": 0.99},
            "covariate_days": 30,
            "trusted": True,
        }
    ],
    "exclusion_groups": [{"key": "g", "salt": "g", "unit": "user"}],
    "experiments": [
        {
            "key": "e",
            "arms": [
                {"key": "a", "weight": 0.5, "variants": {"p": "d"}},
                {"key": "b", "variants": {"p": None}},
            ],
            "unit": "user",
            "before_login": "skip",
            "traffic": 12.5,
            "salt": "e",
            "sticky": False,
            "status": "stopped",
            "rollout": "a",
            "exclusion_group": {"key": "g", "from": 0, "to": 50},
            "primary_metric": "m",
            "metrics": [{"metric": "m", "role": "guardrail", "margin": 0.01}],
            "analysis": {
                "method": "fixed",
                "alpha": 0.1,
                "mde": 0.02,
                "planned_units": 100,
                "correction": "none",
            },
        }
    ],
    "rules": [
        {
            "key": "r",
            "placements": ["p"],
            "deliver": {"variant": "d"},
            "priority": 999,
            "audience": {"stages": ["a"], "segments": ["s"], "not_segments": [], "condition": {}},
            "schedule": {
                "starts_at": "2026-11-21T09:00:00+01:00",
                "ends_at": "2026-12-21T09:00:00Z",
                "timezone": "UTC",
                "windows": [{"days": [1, 7], "from": "22:00", "to": "24:00"}],
            },
            "consent": ["analytics"],
            "in_holdout": True,
            "theme": "t",
            "enabled": False,
            "owner": "o",
            "note": "n",
        }
    ],
    "holdout": {"percent": 5, "salt": "2026q4", "unit": "user", "metrics": ["m"]},
}


def with_value(path: str, value: object) -> dict[str, Any]:
    """Change one value of the full document, at a JSON pointer."""
    document = copy.deepcopy(FULL)
    *way, last = path.split("/")[1:]
    place: Any = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return document


def places(document: object) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        ConfigDocument.model_validate(document)
    return ["".join(f"/{step}" for step in detail["loc"]) for detail in raised.value.errors()]


@pytest.mark.parametrize(
    "document", [{}, FULL, CONFIG, with_value("/rules/0/cap", {"count": 1, "per_days": 7})]
)
def test_a_right_document_is_taken_as_it_is(document: dict[str, Any]) -> None:
    assert ConfigDocument.model_validate(document).given == document


@pytest.mark.parametrize("document", [FULL, CONFIG])
def test_and_it_compiles(document: dict[str, Any]) -> None:
    document = copy.deepcopy(document)
    document["site"].pop("identity_secret", None)
    assert compile_ruleset(parse_document(document), 1).revision == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/rules/0/priority", -1),
        ("/rules/0/priority", 1000),
        ("/rules/0/priority", 1.5),
        ("/rules/0/priority", True),
        ("/rules/0/enabled", 1),
        ("/rules/0/key", ""),
        ("/rules/0/key", "$holdout"),
        ("/rules/0/key", "a/b"),
        ("/rules/0/key", "a\n"),
        ("/rules/0/key", "ä"),
        ("/rules/0/key", "x" * 129),
        ("/rules/0/placements", []),
        ("/rules/0/consent/0", "marketing"),
        ("/rules/0/schedule/starts_at", "2026-11-21T09:00:00"),
        ("/rules/0/schedule/starts_at", "tomorrow"),
        ("/rules/0/schedule/starts_at", 1_800_000_000),
        ("/rules/0/schedule/windows/0/days/0", 0),
        ("/rules/0/schedule/windows/0/days/0", 8),
        ("/rules/0/schedule/windows/0/to", "24:01"),
        ("/rules/0/schedule/windows/0/from", "9:00"),
        ("/rules/0/note", "x" * 2001),
        ("/holdout/percent", 100.1),
        ("/holdout/percent", -0.1),
        ("/experiments/0/traffic", 101),
        ("/experiments/0/arms", []),
        ("/experiments/0/arms/0/weight", -1),
        ("/experiments/0/status", "paused"),
        ("/experiments/0/analysis/alpha", 1),
        ("/experiments/0/exclusion_group/to", "50"),
        ("/journeys/0/stages", []),
        ("/journeys/0/stages/1/min_dwell_s", -1),
        ("/journeys/0/stages/1/decay_after_days", 0),
        ("/metrics/0/window_days", 0),
        ("/metrics/0/cap/percentile", 1.01),
        ("/metrics/0/event", ""),
        ("/site/origins/0", "shop.example"),
        ("/site/origins/0", "https://shop.example/"),
        ("/site/expose/0", "traits"),
        ("/site/identity_secret", "short"),
        ("/segments/0/condition", []),
        ("/site", None),
        ("/rules", {}),
    ],
)
def test_each_bound_is_held_and_its_place_named(path: str, value: object) -> None:
    assert places(with_value(path, value)) == [path]


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1])
@pytest.mark.parametrize(
    "path", ["/placements/0/variants/0/content", "/placements/0/variants/0/locales/de_AT"]
)
def test_a_content_is_at_most_64_kib_as_json(path: str, size: int) -> None:
    document = with_value(path, "x" * (size - 2))
    if size > 64 * 1024:
        assert places(document) == [path]
    else:
        assert ConfigDocument.model_validate(document).given == document


@pytest.mark.parametrize("path", ["/experiments/0/phase", "/rules/0/prioritty", "/sites"])
def test_what_nobody_may_set_is_unknown(path: str) -> None:
    assert places(with_value(path, 1)) == [path]


@pytest.mark.parametrize(
    ("path", "value", "place", "told"),
    [
        ("/segments/0/condition", {"a": 1}, "/a", "there is no attribute 'a'; known are context, events,"),
        ("/segments/0/condition", {"trait.a": {"$gt": 1}}, "/trait.a/$gt", "did you mean traits?"),
        ("/segments/0/condition", {"traits.a": {"$gtt": 1}}, "/traits.a/$gtt", "did you mean $gt?"),
        ("/segments/0/condition", {"$or": [{"$adn": []}]}, "/$or/0/$adn", "did you mean $and?"),
        ("/segments/0/condition", {"traits.a/b": {"$in": 1}}, "/traits.a/b/$in", "must be an array"),
        ("/journeys/0/stages/1/when", {"events.x.cuont": 1}, "/events.x.cuont", "did you mean count?"),
        ("/journeys/0/stages/1/stay", {"$nott": {}}, "/$nott", "did you mean $not?"),
        ("/rules/0/audience/condition", {"stag": "a"}, "/stag", "did you mean stage?"),
        ("/metrics/0/where", {"property.a": 1}, "/property.a", "did you mean properties?"),
        ("/metrics/0/where", {"context.country": "DE"}, "/context.country", "known are properties"),
    ],
)
def test_a_condition_that_can_never_be_published_is_refused_with_what_was_meant(
    path: str, value: object, place: str, told: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        ConfigDocument.model_validate(with_value(path, value))
    (detail,) = raised.value.errors()
    assert "".join(f"/{step}" for step in detail["loc"]) == path + place
    assert told in detail["msg"]


def test_everything_wrong_in_a_condition_is_named() -> None:
    wrong = {"traits.a": {"$gtt": 1}, "$or": [{"traits.b": {"$in": 1}}]}
    assert places(with_value("/segments/0/condition", wrong)) == [
        "/segments/0/condition/traits.a/$gtt",
        "/segments/0/condition/$or/0/traits.b/$in",
    ]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/rules/0/prioritty", "unknown field 'prioritty'; did you mean priority?"),
        ("/rules/0/audience/segment", "unknown field 'segment'; did you mean segments?"),
        ("/rules/0/schedule/windows/0/form", "unknown field 'form'; did you mean from?"),
        ("/experiments/0/exclusion_group/kez", "unknown field 'kez'; did you mean key?"),
        ("/placements/0/variants/0/local", "unknown field 'local'; did you mean locales?"),
        ("/segment", "unknown field 'segment'; did you mean segments?"),
        ("/holdout/zzz", "unknown field 'zzz'; known are percent, salt, unit, metrics"),
    ],
)
def test_of_an_unknown_field_it_is_said_which_was_meant(path: str, told: str) -> None:
    with pytest.raises(ValidationError, match="unknown field") as raised:
        ConfigDocument.model_validate(with_value(path, 1))
    assert [detail["msg"] for detail in raised.value.errors()] == [told]


def test_a_key_stands_once_in_a_list() -> None:
    document = with_value("/segments", [{"key": key, "condition": {}} for key in ("a", "b", "a", "a")])
    assert places(document) == ["/segments/2/key", "/segments/3/key"]


def test_a_list_of_garbage_has_no_doubled_keys_but_many_wrong_types() -> None:
    assert places({"rules": [None, 1, {"key": 1}, {"key": None}]})[:2] == ["/rules/0", "/rules/1"]


def test_twenty_thousand_rules_are_enough() -> None:
    rule = {"placements": ["p"], "deliver": {"variant": "d"}}
    assert places({"rules": [{"key": f"r{i}", **rule} for i in range(20_001)]}) == ["/rules"]


MODELS = [getattr(parts, name) for name in dir(model) if hasattr(parts, name)]
MODELS = [each for each in MODELS if isinstance(each, type) and issubclass(each, BaseModel)]


@pytest.mark.parametrize("schema", [*MODELS, ConfigDocument], ids=lambda schema: schema.__name__)
def test_the_schema_has_the_fields_and_defaults_of_the_engines_model(schema: type[BaseModel]) -> None:
    name = "Document" if schema is ConfigDocument else schema.__name__
    expected = _engine_fields(getattr(model, name))
    # A phase is set by publishing, and the secret is no part of what is published.
    expected.pop("phase", None)
    assert _schema_fields(schema) == expected


def test_no_part_of_the_engines_model_is_forgotten() -> None:
    names = {
        name
        for name, value in vars(model).items()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == model.__name__
    }
    assert names - {schema.__name__ for schema in MODELS} == {"_Part", "Document"}


def _engine_fields(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        field.encode_name: _plain(
            field.default_factory()
            if field.default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT
            else field.default
        )
        for field in msgspec.structs.fields(struct)
    }


def _schema_fields(schema: type[BaseModel]) -> dict[str, Any]:
    return {
        field.alias or name: msgspec.NODEFAULT
        if field.is_required()
        else _plain(field.get_default(call_default_factory=True))
        for name, field in schema.model_fields.items()
        if name != "identity_secret"
    }


def _plain(value: Any) -> Any:
    """Say a default as JSON, with every default inside it."""
    if isinstance(value, BaseModel):
        return {name: _plain(inner) for name, inner in _set_fields(value)}
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(getattr(value, field.name)) for field in msgspec.structs.fields(value)
        }
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _set_fields(value: BaseModel) -> list[tuple[str, Any]]:
    return [
        (field.alias or name, getattr(value, name))
        for name, field in type(value).model_fields.items()
        if name != "identity_secret"
    ]
