"""The holders of tokens against the other files, and the digests of their tokens."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from dialer.config.access import LOCAL, OPERATOR, Holder, TokenHolder
from dialer.config.configuration import Draft
from dialer.config.document import Document
from dialer.config.faults import Fault
from dialer.config.needs import listed, unknown

SHORTEST = 20
"""Characters of a token: of a random one, guessing it is hopeless."""
LONGEST_FILE = 4096
_WAYS = ("sha256", "token_env", "token_file")


def holders_of(draft: Draft) -> tuple[tuple[Holder, ...] | None, list[Fault]]:
    """Who may use the API, by the digests of their tokens. Reads the files that hold some."""
    if draft.access is None:
        return None, []
    document, whole = draft.access.document, draft.access.whole
    holders, faults = list[Holder](), list[Fault]()
    owners = dict[bytes, str]()
    if operator := _of_operator(draft):
        owners[operator] = OPERATOR
    for name, entry in draft.access.model.holders.items():
        faults += _entry_faults(draft, document, name, entry)
        found = _digest(draft, document, name, entry, whole)
        if isinstance(found, Fault):
            faults.append(found)
            continue
        if found is None:
            continue
        if (other := owners.setdefault(found, name)) != name:
            faults.append(Fault(document.place(("holders", name, _way(entry))),
                                f"the token of `{name}` is also that of `{other}`",
                                f"give each a token of its own: dialer token new {name}"))
        clients = None if entry.clients is None else frozenset(entry.clients)
        holders.append(Holder(name, entry.role, clients, entry.agent, entry.recordings, found))
    return tuple(holders), faults


def _of_operator(draft: Draft) -> bytes | None:
    token = draft.env.get(draft.plant.model.web.token_env) if draft.plant is not None else None
    return digest_of(token) if token else None


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _entry_faults(draft: Draft, document: Document, name: str, entry: TokenHolder) -> Iterator[Fault]:
    loc = ("holders", name)
    if name in (OPERATOR, LOCAL):
        yield Fault(document.place(loc, key=True), f"`{name}` is the name of who needs no entry here",
                    "give the holder another name")
    for index, client in enumerate(entry.clients or ()):
        yield from unknown(document, (*loc, "clients", index), "client", client, draft.names["client"])
    if entry.role == "client" and entry.clients is None:
        yield Fault(document.place(loc, key=True), f"nothing says of which client `{name}` is",
                    f"add `clients: [{next(iter(sorted(draft.names['client'])), 'NAME')}]`")
    if entry.agent is not None and entry.role != "agent":
        yield Fault(document.place((*loc, "agent"), key=True), f"the role `{entry.role}` has no desk",
                    "leave `agent` out, or write `role: agent`")
    elif entry.agent is not None and draft.agents is not None:
        yield from unknown(document, (*loc, "agent"), "agent", entry.agent,
                           (*draft.agents.model.agents, *draft.agents.document.keys("agents")))
    if entry.recordings and entry.role != "client":
        yield Fault(document.place((*loc, "recordings"), key=True), f"`recordings` says nothing of `{entry.role}`",
                    "leave it out: operators and supervisors hear recordings, of the others only clients may")


def _way(entry: TokenHolder) -> str:
    return next(way for way in _WAYS if getattr(entry, way) is not None)


def _digest(
    draft: Draft, document: Document, name: str, entry: TokenHolder, whole: bool
) -> bytes | Fault | None:
    """None where a fault that is told already left it out."""
    given = [way for way in _WAYS if getattr(entry, way) is not None]
    place = document.place(("holders", name), key=True)
    if len(given) > 1:
        return Fault(place, f"{listed(given)} say twice what the token of `{name}` is", "keep one of them")
    if not given:
        return Fault(place, f"nothing says what the token of `{name}` is",
                     f"run `dialer token new {name}`, and add the `sha256` that it prints") if whole else None
    if entry.sha256 is not None:
        return bytes.fromhex(entry.sha256)
    place = document.place(("holders", name, given[0]))
    if entry.token_env is not None:
        token, where = draft.env.get(entry.token_env), f"the environment variable {entry.token_env}"
        if not token:
            return Fault(place, f"{where} is not set", f"set it to the token of `{name}`, or write its `sha256`")
    else:
        path, where = draft.root / (entry.token_file or ""), f"the file {entry.token_file}"
        try:
            token = _read(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no token"
            return Fault(place, f"{where} cannot be read: {why}", f"it must hold the token of `{name}`")
    if len(token) < SHORTEST or not token.isascii() or any(not "!" <= char <= "~" for char in token):
        return Fault(place, f"{where} holds no token that is hard to guess",
                     f"{SHORTEST} characters or more, without spaces: dialer token new {name}")
    return digest_of(token)


def _read(path: Path) -> str:
    """Raises OSError, ValueError."""
    with path.open("rb") as file:
        return file.read(LONGEST_FILE).decode("ascii").strip()
