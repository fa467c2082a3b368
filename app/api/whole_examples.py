"""Examples as routes tell them: out of the document that it makes FastAPI leaves every null."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.params import Body
from fastapi.routing import APIRoute, iter_route_contexts


def put_nulls_back(document: Mapping[str, Any], api: FastAPI) -> None:
    """Put the examples of an app's routes into its document once more, whole."""
    for context in iter_route_contexts(api.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _put_back(document["paths"][context.path_format][method.lower()], route)


def _put_back(operation: dict[str, Any], route: APIRoute) -> None:
    for status, told in route.responses.items():
        _copy(told, operation["responses"][str(status)])
    body = operation.get("requestBody", {})
    _copy((route.openapi_extra or {}).get("requestBody", {}), body)
    said = route.body_field.field_info if route.body_field is not None else None
    if isinstance(said, Body) and said.openapi_examples:
        for content in body["content"].values():
            content["examples"] = jsonable_encoder(said.openapi_examples)


def _copy(told: Mapping[str, Any], described: Mapping[str, Any]) -> None:
    for media, content in told.get("content", {}).items():
        for name in content.keys() & {"example", "examples"}:
            described["content"][media][name] = jsonable_encoder(content[name])
