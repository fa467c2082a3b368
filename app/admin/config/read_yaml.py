"""Reading YAML as JSON would say it: the core schema of YAML 1.2, no tags, and aliases within bounds."""

from collections.abc import Callable
from typing import Any, NoReturn

from yaml import MarkedYAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from app.admin.config.yaml_scalars import Scalar, value_of
from app.admin.strict_json import DEEPEST
from app.engine.problems import shown
from app.kit.steps import Steps

_NO_KEY = object()


class YamlError(ValueError):
    """What cannot be read; the message names line and column, both from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")


def reading(content: bytes, *, limit: int) -> Steps[Any]:
    """Read a document, an event at a time.

    `limit` bounds what it would be with every alias written out, in characters.

    Raises:
        YamlError: it is no YAML, or says what JSON cannot.

    """
    parser, builder = CParser(content), _Builder(limit - len(content))
    while not isinstance(event := _next(parser, content), StreamEndEvent):
        builder.take(event)
        yield
    return builder.document


def _next(parser: CParser, content: bytes) -> Any:
    try:
        return parser.get_event()
    except ReaderError as error:
        before = content[: error.position]
        line = before.count(b"\n") + 1
        raise YamlError(line, len(before) - before.rfind(b"\n"), str(error.reason)) from error
    except MarkedYAMLError as error:
        _refuse(error.problem_mark, " ".join(filter(None, (error.context, error.problem))))


def _refuse(mark: Any, message: str) -> NoReturn:
    raise YamlError(mark.line + 1, mark.column + 1, message)


class _Open:
    """A list or an object whose end was not read yet; `key` is the one whose value comes next."""

    __slots__ = ("aliased", "anchor", "key", "start", "value")

    def __init__(self, value: dict[str, Any] | list[Any], event: Any, aliased: int) -> None:
        self.value = value
        self.anchor = event.anchor
        self.start = event.start_mark.index
        self.aliased = aliased
        self.key: Any = _NO_KEY


class _Builder:
    """Puts a document together from what the parser tells.

    Values with an anchor are shared with their aliases, not copied; `room` says how many characters more the
    document may have if they were, so that no few lines stand for gigabytes.
    """

    def __init__(self, room: int) -> None:
        self.document: Any = None
        self._room = room
        self._aliased = 0
        self._documents = 0
        self._open: list[_Open] = []
        # Each with how many characters it stands for.
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._ways: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self._take_scalar,
            MappingStartEvent: self._begin_object,
            SequenceStartEvent: self._begin_list,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._take_alias,
            DocumentStartEvent: self._begin_document,
        }

    def take(self, event: Any) -> None:
        """Go on with the next event; those that carry nothing are passed over."""
        way = self._ways.get(type(event))
        if way is not None:
            way(event)

    def _begin_document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            _refuse(event.start_mark, "another document begins; there may be one only")

    def _take_scalar(self, event: ScalarEvent) -> None:
        _refuse_tag(event)
        value: Scalar = event.value
        if event.implicit[0]:
            try:
                value = value_of(event.value)
            except ValueError as error:
                _refuse(event.start_mark, str(error))
        self._put(value, event)
        if event.anchor is not None:
            self._keep(event.anchor, value, len(event.value) + 1)

    def _begin_object(self, event: MappingStartEvent) -> None:
        self._begin({}, event)

    def _begin_list(self, event: SequenceStartEvent) -> None:
        self._begin([], event)

    def _begin(self, value: dict[str, Any] | list[Any], event: Any) -> None:
        _refuse_tag(event)
        if len(self._open) == DEEPEST:
            _refuse(event.start_mark, f"is nested more than {DEEPEST} levels deep")
        self._put(value, event)
        if event.anchor is not None:
            # Until it ends, an alias would put it into itself.
            self._anchors.pop(event.anchor, None)
        self._open.append(_Open(value, event, self._aliased))

    def _end(self, event: Any) -> None:
        ended = self._open.pop()
        if ended.anchor is not None:
            written = event.end_mark.index - ended.start
            self._keep(ended.anchor, ended.value, written + self._aliased - ended.aliased)

    def _keep(self, anchor: str, value: Any, size: int) -> None:
        self._anchors[anchor] = (value, size)

    def _take_alias(self, event: AliasEvent) -> None:
        if event.anchor not in self._anchors:
            _refuse(event.start_mark, f"no value with the anchor &{event.anchor} ends before this alias")
        value, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > self._room:
            _refuse(event.start_mark, "with its aliases written out the document is too large")
        self._put(value, event)

    def _put(self, value: Any, event: Any) -> None:
        """Put a value where it belongs: as an element, as a key, as the value of the key before, or alone."""
        if not self._open:
            self.document = value
            return
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.key is _NO_KEY:
            around.key = self._new_key(value, around.value, event)
        else:
            around.value[around.key], around.key = value, _NO_KEY

    def _new_key(self, key: Any, among: dict[str, Any], event: Any) -> str:
        if not isinstance(key, str):
            _refuse(event.start_mark, "a key must be text; write it in quotes")
        if key in among:
            _refuse(event.start_mark, f"the key {shown(key)} stands here for the second time")
        return key


def _refuse_tag(event: Any) -> None:
    if event.tag is not None:
        _refuse(event.start_mark, f"tags such as {shown(event.tag)} are not taken; quotes make a word text")
