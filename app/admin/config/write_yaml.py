"""Writing JSON as YAML that says the same to everybody: in quotes whatever could be misread."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from yaml.cyaml import CEmitter
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from app.admin.config.yaml_scalars import Scalar, is_text, word_of
from app.kit.steps import Steps

# Line breaks of YAML that a block of text would not keep as they are.
_OTHER_BREAKS = frozenset("\r\x85\u2028\u2029")
_NEVER_FOLDED = -1


def writing(document: Any) -> Steps[bytes]:
    """Write a document, a word at a time; `reading` it gives it back, to the type."""
    stream = BytesIO()
    emitter = CEmitter(stream, allow_unicode=True, encoding="utf-8", width=_NEVER_FOLDED)
    for event in _stream(document):
        emitter.emit(event)
        yield
    return stream.getvalue()


def _stream(document: Any) -> Iterator[Event]:
    yield StreamStartEvent(encoding="utf-8")
    yield DocumentStartEvent(explicit=False)
    yield from _events(document)
    yield DocumentEndEvent(explicit=False)
    yield StreamEndEvent()


def _events(value: Any) -> Iterator[Event]:
    match value:
        case dict():
            yield MappingStartEvent(None, None, implicit=True, flow_style=not value)
            for key, inner in value.items():
                yield _scalar(key)
                yield from _events(inner)
            yield MappingEndEvent()
        case list():
            yield SequenceStartEvent(None, None, implicit=True, flow_style=not value)
            for inner in value:
                yield from _events(inner)
            yield SequenceEndEvent()
        case _:
            yield _scalar(value)


def _scalar(value: Scalar) -> ScalarEvent:
    if not isinstance(value, str):
        return ScalarEvent(None, None, (True, False), word_of(value))
    # Without quotes only what every reader takes for text; else the emitter puts quotes around it.
    return ScalarEvent(None, None, (bool(value) and is_text(value), True), value, style=_style(value))


def _style(text: str) -> str | None:
    if not _OTHER_BREAKS.isdisjoint(text):
        return '"'
    return "|" if "\n" in text else None
