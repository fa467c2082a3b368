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
from tests.unit.admin.full_document import FULL, with_value


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
    for part in (expected, expected.get("holdout", {})):
        part.pop("phase", None)
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
