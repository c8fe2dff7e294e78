"""What every node is: a model of what may be written, and pure behaviour.

A node is written as a mapping; the key that names its kind is a field of its class, which is called like it:
`{say: {de: Hallo}, next: menu}` is a `Say`, `{do_not_call: client}` a `DoNotCall`. To add a kind, add a file with one
class to `nodes/`; it is found there.
"""

import difflib
import importlib
import pkgutil
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from dialer.config.scalars import Model
from dialer.flows.commands import QueueResult, Reply
from dialer.flows.fields import Loc, NodeName, Recorded, Spoken, walk
from dialer.flows.session import Session, Turn


class Node(Model):
    """One step of a flow.

    `enter` is called when a call comes to the node, `on` with what came of the node's directive. Both are pure and
    must not fail whatever a caller does; `on` may be given any reply its directive can have.
    """

    acted: ClassVar[tuple[str, ...]] = ()
    """The exits (by the keys they are written under) that are taken only when the caller or somebody else does
    something, or after a wait: a loop through one of them is no fault."""

    final: ClassVar[tuple[str, ...]] = ()
    """Exits that are often not written, because the call is usually over then."""

    @abstractmethod
    def enter(self, session: Session) -> Turn: ...

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        """What asked for nothing is never answered; were it, it would begin anew."""
        return self.enter(session)

    def exits(self) -> Iterator[tuple[Loc, str]]:
        """Where it may lead, each with the place it is written at (within the node)."""
        return ((loc, value) for loc, value in walk(self) if isinstance(value, NodeName))

    def label(self, loc: Loc) -> str:
        """What a drawing writes at the exit."""
        return "" if loc[-1] in ("next", "goto") else str(loc[-1])

    def prompts(self) -> Iterator[tuple[Loc, Spoken | Recorded]]:
        return ((loc, value) for loc, value in walk(self) if isinstance(value, Spoken | Recorded))

    def ends(self) -> Iterator[str]:
        """Its exits that are not written and so end the call."""
        for name, field in type(self).model_fields.items():
            if NodeName in get_args(field.annotation) and getattr(self, name) is None:
                yield name


def kind_of(node: Node) -> str:
    return _key(type(node))


def _key(kind: type[Node]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@cache
def kinds() -> Mapping[str, type[Node]]:
    """Every class in `nodes/`, by the key that names it."""
    package = importlib.import_module("dialer.flows.nodes")
    for module in pkgutil.iter_modules(package.__path__, "dialer.flows.nodes."):
        importlib.import_module(module.name)
    return {_key(cls): cls for cls in sorted(Node.__subclasses__(), key=lambda cls: cls.__name__)}


def parse(value: Any) -> Node:
    """The node that is written. Raises with places relative to the node (pydantic joins them to the flow's)."""
    if isinstance(value, Node):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("node", "this is not a node; write a mapping as {say: ..., next: ...}")
    known = kinds()
    named = [key for key in value if key in known]
    if len(named) > 1:
        raise PydanticCustomError(
            "node", "a node of two kinds ({kinds}); give each its own node", {"kinds": " and ".join(named)}
        )
    if not named:
        near = [match for key in value for match in difflib.get_close_matches(str(key), known, 1)]
        right = f"did you mean `{near[0]}`?" if near else f"known kinds: {', '.join(known)}"
        raise PydanticCustomError("node", "no key names the node's kind; {right}", {"right": right})
    return known[named[0]].model_validate(value)


class _Parsed:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse, serialization=core_schema.plain_serializer_function_ser_schema(
                lambda node: node.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(kind.__pydantic_core_schema__) for kind in kinds().values()]}


AnyNode = Annotated[Node, _Parsed]
