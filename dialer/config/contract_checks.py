"""Checks of what contracts name elsewhere: agents, and the dispositions of the client's campaigns.

Only of the last version: those before it may name what is gone since.
"""

from collections.abc import Iterator, Mapping

from dialer.billing.terms import Contract
from dialer.config.configuration import Draft, Loaded
from dialer.config.document import Document
from dialer.config.faults import Fault
from dialer.config.models import Agent, Client
from dialer.config.needs import Loc, unknown


def contract_faults(draft: Draft) -> Iterator[Fault]:
    for loaded in draft.clients.values():
        codes = _codes(draft, loaded)
        for index, version in list(enumerate(loaded.model.contract))[-1:]:
            loc = ("contract", index)
            if draft.agents is not None and draft.agents.whole:
                yield from _agents(loaded.document, loc, version, draft.agents.model.agents)
            if codes is not None:
                yield from _dispositions(loaded.document, loc, version, codes)


def _codes(draft: Draft, client: Loaded[Client]) -> set[str] | None:
    """Every disposition of the client's campaigns; None when it has none, or one could not be read whole."""
    if set(draft.campaigns) != draft.names["campaign"] or not all(one.whole for one in draft.campaigns.values()):
        return None
    own = [one.model for one in draft.campaigns.values() if one.model.client == client.model.client]
    return {code for campaign in own for code in campaign.dispositions} if own else None


def _agents(document: Document, loc: Loc, version: Contract, agents: Mapping[str, Agent]) -> Iterator[Fault]:
    for name, term in (("agent_hour", version.agent_hour), ("pause", version.pause)):
        for index, agent in enumerate(term.agents if term else ()):
            yield from unknown(document, (*loc, name, "agents", index), "agent", agent, agents)


def _dispositions(document: Document, loc: Loc, version: Contract, codes: set[str]) -> Iterator[Fault]:
    handled, outbound, share = version.handled_call, version.outbound, version.revenue_share
    named: list[tuple[Loc, str]] = [
        *((("handled_call", "dispositions", index), code)
          for index, code in enumerate((handled.dispositions if handled else None) or ())),
        *((("outbound", "successes", index), code)
          for index, code in enumerate(outbound.successes if outbound else ())),
        *((("revenue_share", "amounts", code), code) for code in (share.amounts if share else ())),
    ]
    for inner, code in named:
        yield from unknown(document, (*loc, *inner), "disposition", code, codes)
