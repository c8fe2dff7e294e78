"""One YAML file as plain data that remembers where everything stood.

YAML's usual resolvers read `20:00` as 1200, `+441632960000` as an integer, `0123` as 83 and `yes` as True,
and let the second of two equal keys win silently. Here only `12`, `-3`, `0.5`, `true`, `false`, `null` and
nothing at all mean something else than their text; keys are always text; a key given twice is a fault.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from dialer.config.faults import Fault, Place

LARGEST_BYTES = 4 * 1024 * 1024
MOST_NODES = 200_000
"""After aliases are expanded, so that a few nested ones cannot grow into gigabytes."""
DEEPEST = 50

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,18}")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Scalar:
    place: Place
    value: Any
    size: int = 1


@dataclass(frozen=True, slots=True)
class Items:
    place: Place
    items: Sequence["Node"]
    size: int


@dataclass(frozen=True, slots=True)
class Entries:
    place: Place
    entries: Mapping[str, tuple[Place, "Node"]]
    size: int


Node = Scalar | Items | Entries


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read. `root` is None when it could not be parsed; `faults` then says why."""

    file: str
    root: Node | None
    faults: tuple[Fault, ...] = ()
    digest: str = ""

    @property
    def value(self) -> Any:
        return None if self.root is None else _plain(self.root)

    def keys(self, key: str) -> tuple[str, ...]:
        """The keys of the mapping under a key of the file."""
        inner = self.root.entries.get(key) if isinstance(self.root, Entries) else None
        return tuple(inner[1].entries) if inner and isinstance(inner[1], Entries) else ()

    def steps(self, loc: Sequence[str | int]) -> tuple[str | int, ...]:
        """`loc` without the steps that are none of the file's."""
        node, found = self.root, list[str | int]()
        for step in loc:
            match node:
                case Entries(entries=entries) if str(step) in entries:
                    node = entries[str(step)][1]
                    found.append(str(step))
                case Items(items=items) if isinstance(step, int) and 0 <= step < len(items):
                    node = items[step]
                    found.append(step)
        return tuple(found)

    def place(self, loc: Sequence[str | int], *, key: bool = False) -> Place:
        """Where the value at `loc` stands; with `key`, where its key stands.

        `loc` may hold steps that are no keys of the file (the tags pydantic inserts for unions): they are
        skipped. For something missing it is the place of what should contain it.
        """
        node, place, key_place = self.root, Place(self.file), Place(self.file)
        if node is not None:
            place = key_place = node.place
        for step in loc:
            if step == "[key]":
                return key_place
            match node:
                case Entries(entries=entries) if str(step) in entries:
                    key_place, node = entries[str(step)]
                    place = node.place
                case Items(items=items) if isinstance(step, int) and 0 <= step < len(items):
                    node = items[step]
                    place = key_place = node.place
                case _:
                    continue
        return key_place if key else place


def _plain(node: Node) -> Any:
    match node:
        case Scalar(value=value):
            return value
        case Items(items=items):
            return [_plain(item) for item in items]
        case Entries(entries=entries):
            return {key: _plain(item) for key, (_, item) in entries.items()}


def read(path: Path, shown: str | None = None) -> Document:
    """Read a file; whatever is wrong with it is in the document's faults. `shown` is its name in messages."""
    file = shown or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        return _broken(Place(file), f"cannot be read: {error.strerror or error}", "it must be readable")
    return replace(parse(data, file), digest=hashlib.sha256(data).hexdigest())


def parse(data: bytes, file: str) -> Document:
    if len(data) > LARGEST_BYTES:
        return _broken(Place(file), f"larger than {LARGEST_BYTES // 1024 // 1024} MB", "split it")
    if data.startswith(b"\xef\xbb\xbf"):
        return _broken(Place(file), "begins with a byte order mark", "save it as UTF-8 without one")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        wrong = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return _broken(_position(file, before), wrong, "save it as UTF-8")
    try:
        return _Builder(file).build(yaml.parse(text, Loader=yaml.CLoader))
    except _BrokenError as stop:
        return Document(file, None, (stop.fault,))
    except yaml.reader.ReaderError as error:
        before = data[: error.position].decode("utf-8", "replace")  # libyaml counts bytes here
        return _broken(_position(file, before), f"character 0x{error.character:02x} is not allowed", "remove it")
    except yaml.MarkedYAMLError as error:
        return _broken(_marked(file, error), *_syntax(error, text))


def _broken(place: Place, wrong: str, right: str) -> Document:
    return Document(place.file, None, (Fault(place, wrong, right),))


def _position(file: str, before: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _marked(file: str, error: yaml.MarkedYAMLError) -> Place:
    mark = error.problem_mark or error.context_mark
    return Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1)


_HINTS = (
    ("mapping values are not allowed", "a text with `: ` in it needs quotes, and a key its own line"),
    ("could not find expected ':'", "write `key: value`"),
    ("block mapping", "indent it like its neighbours"),
    ("flow mapping", "close it with `}`, with commas between its entries"),
    ("flow sequence", "close it with `]`, with commas between its entries"),
    ("end of stream", "close the quotes"),
    ("start any token", "a text that begins with @, ` or % needs quotes"),
)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    mark = error.problem_mark
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return "a tab cannot stand here", "indent with spaces"
    problem = " ".join(filter(None, (error.context, error.problem)))
    right = next((hint for word, hint in _HINTS if word in problem), "see the YAML syntax at this place")
    return f"not valid YAML: {problem}", right


class _BrokenError(Exception):
    def __init__(self, place: Place, wrong: str, right: str) -> None:
        self.fault = Fault(place, wrong, right)


@dataclass(slots=True)
class _Builder:
    """From libyaml's events to nodes, bounded in depth and in expanded size."""

    file: str
    anchors: dict[str, Node] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def build(self, events: Iterator[yaml.Event]) -> Document:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _BrokenError(self._at(event), "a second document begins here", "one document a file")
                root = self._node(next(events), events, 0)
        if root is None:
            raise _BrokenError(Place(self.file), "the file is empty", "write its keys, or remove it")
        return Document(self.file, root, tuple(self.faults))

    def _at(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file) if mark is None else Place(self.file, mark.line + 1, mark.column + 1)

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._at(event)
        if depth > DEEPEST:
            raise _BrokenError(place, f"nested deeper than {DEEPEST} levels", "nothing needs that")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise _BrokenError(place, f"alias `*{event.anchor}` has no anchor before it",
                                   f"write `&{event.anchor}` at the value that is meant")
            return self.anchors[event.anchor]
        assert isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent)
        if event.tag is not None:
            raise _BrokenError(place, f"tag `{event.tag}`", "tags are not used here: leave it out")
        node: Node
        match event:
            case yaml.ScalarEvent():
                node = Scalar(place, _resolve(event.value) if event.implicit[0] else event.value)
            case yaml.SequenceStartEvent():
                node = self._items(place, events, depth)
            case _:
                node = self._entries(place, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _items(self, place: Place, events: Iterator[yaml.Event], depth: int) -> Items:
        items: list[Node] = []
        size = 1
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
            size = self._bounded(place, size + items[-1].size)
        return Items(place, items, size)

    def _entries(self, place: Place, events: Iterator[yaml.Event], depth: int) -> Entries:
        entries: dict[str, tuple[Place, Node]] = {}
        size = 1
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            at = self._at(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _BrokenError(at, "a key must be a plain text", "write `key: value`")
            node = self._node(next(events), events, depth + 1)
            size = self._bounded(place, size + node.size)
            if event.value in entries:
                first = entries[event.value][0]
                self.faults.append(Fault(at, f"key `{event.value}` is given twice",
                                         f"keep one of them (the first is in line {first.line})"))
            else:
                entries[event.value] = (at, node)
        return Entries(place, entries, size)

    def _bounded(self, place: Place, size: int) -> int:
        if size > MOST_NODES:
            raise _BrokenError(place, f"grows beyond {MOST_NODES} values", "use fewer aliases, or split the file")
        return size


def _resolve(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
