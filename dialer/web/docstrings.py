"""What a dataclass says of its fields: the string below each, which Python itself forgets."""

import ast
import inspect
import textwrap
from itertools import pairwise


def of_fields(cls: type) -> dict[str, str]:
    """By field, those of its bases too; empty where the source is not there (a stripped installation)."""
    return {name: text for base in reversed(cls.__mro__[:-1]) for name, text in _own(base).items()}


def _own(cls: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):
        return {}
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {}
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                found[name] = " ".join(said.split())
    return found
