"""Writing JSON as YAML that says the same to everybody: in quotes whatever could be misread."""

from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any

from yaml._yaml import CEmitter
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

from app.admin.config.yaml_scalars import is_text, word_of
from app.kit.steps import Steps

# Line breaks of YAML that a block of text would not keep as they are.
_OTHER_BREAKS = frozenset("\r\x85\u2028\u2029")
_NEVER_FOLDED = -1
_WORD_LENGTH = 64
# Events are only read, so that one of each will do.
_OBJECT, _EMPTY_OBJECT = (
    MappingStartEvent(None, None, implicit=True, flow_style=flow) for flow in (False, True)
)
_LIST, _EMPTY_LIST = (
    SequenceStartEvent(None, None, implicit=True, flow_style=flow) for flow in (False, True)
)
_END_OF_OBJECT, _END_OF_LIST = MappingEndEvent(), SequenceEndEvent()


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
            yield _OBJECT if value else _EMPTY_OBJECT
            for key, inner in value.items():
                yield _word(key)
                yield from _events(inner)
            yield _END_OF_OBJECT
        case list():
            yield _LIST if value else _EMPTY_LIST
            for inner in value:
                yield from _events(inner)
            yield _END_OF_LIST
        case str():
            yield _word(value) if len(value) <= _WORD_LENGTH else _text(value)
        case _:
            yield ScalarEvent(None, None, (True, False), word_of(value))


def _text(text: str) -> ScalarEvent:
    # Without quotes only what every reader takes for text; else the emitter puts quotes around it.
    return ScalarEvent(None, None, (bool(text) and is_text(text), True), text, style=_style(text))


# Thousands of rules say mostly the same words.
_word = lru_cache(4_096)(_text)


def _style(text: str) -> str | None:
    if not _OTHER_BREAKS.isdisjoint(text):
        return '"'
    return "|" if "\n" in text else None
