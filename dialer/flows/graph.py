"""A flow as a drawing (Graphviz DOT, Mermaid), and what looks wrong in it without being a fault."""

from collections.abc import Iterator
from typing import NamedTuple

from dialer.flows.interpreter import MOST_STEPS
from dialer.flows.model import Flow
from dialer.flows.node import kind_of

END = "end"
"""Where exits lead that are not written. No node can be mistaken for it: it is drawn as a point."""


class Edge(NamedTuple):
    source: str
    label: str
    target: str | None
    """None: the call ends."""


def edges(flow: Flow) -> Iterator[Edge]:
    for name, node in flow.nodes.items():
        for loc, target in node.exits():
            yield Edge(name, node.label(loc), target)
        for exit_name in node.ends():
            yield Edge(name, node.label((exit_name,)), None)


def unreachable(flow: Flow) -> list[str]:
    return flow.unreachable()


def dot(flow: Flow) -> str:
    lines = [
        f"digraph {_dot_text(flow.flow)} {{",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
        *(f"  {_dot_text(number)} [shape=plaintext];" for number in flow.numbers),
        *(f"  {_dot_text(number)} -> {_dot_text(flow.start)};" for number in flow.numbers),
    ]
    for name, node in flow.nodes.items():
        shown = _dot_text("\n".join((name, kind_of(node))))
        lines.append(f"  {_dot_text(name)} [label={shown}];")
    ends = 0
    for edge in edges(flow):
        target, style = edge.target, ""
        if target is None:
            ends += 1
            target, style = f"{END} {ends}", ", style=dashed"
            lines.append(f"  {_dot_text(target)} [shape=point];")
        lines.append(f"  {_dot_text(edge.source)} -> {_dot_text(target)} [label={_dot_text(edge.label)}{style}];")
    return "\n".join([*lines, "}", ""])


def mermaid(flow: Flow) -> str:
    ids = {name: f"n{index}" for index, name in enumerate(flow.nodes)}
    lines = ["flowchart TD"]
    for index, number in enumerate(flow.numbers):
        lines.append(f"  c{index}([{_mermaid_text(number)}]) --> {ids.get(flow.start, 'missing')}")
    for name, node in flow.nodes.items():
        lines.append(f"  {ids[name]}[{_mermaid_text(f'{name}: {kind_of(node)}')}]")
    for index, edge in enumerate(edges(flow)):
        label = f"|{_mermaid_text(edge.label)}|" if edge.label else ""
        if edge.target is None:
            lines.append(f"  {ids[edge.source]} -.->{label} e{index}((end))")
        else:
            lines.append(f"  {ids[edge.source]} -->{label} {ids.get(edge.target, 'missing')}")
    return "\n".join([*lines, ""])


def _dot_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _mermaid_text(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'


def warnings(flow: Flow) -> Iterator[str]:
    """Dead ends, and loops in which a caller who does nothing is held."""
    for name, node in flow.nodes.items():
        ending = [exit_name for exit_name in node.ends() if exit_name not in node.final]
        if ending:
            yield f"node `{name}` ends the call at {', '.join(ending)}; lead it to a hangup node if that is meant"
    for loop in silent_loops(flow):
        way = " → ".join(loop)
        yield f"a caller who does nothing goes round in {way} until ended after {MOST_STEPS} nodes"


def silent_loops(flow: Flow) -> list[list[str]]:
    """Nodes that lead back to themselves by exits which nobody has to do anything for, loop by loop."""
    silent: dict[str, list[str]] = {
        name: [target for loc, target in node.exits() if loc[0] not in node.acted] for name, node in flow.nodes.items()
    }
    ahead = {name: _onwards(silent, name) for name in silent}
    loops: list[list[str]] = []
    for name in silent:
        if name in ahead[name] and not any(name in loop for loop in loops):
            loops.append([other for other in silent if other in ahead[name] and name in ahead[other]])
    return loops


def _onwards(ways: dict[str, list[str]], begin: str) -> set[str]:
    found: set[str] = set()
    todo = list(ways[begin])
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += ways.get(name, [])
    return found
