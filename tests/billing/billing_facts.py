"""Contracts and facts written in YAML, as docs/billing.md has them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Facts, Sale, Score, Span
from dialer.billing.money import exponent, plain
from dialer.billing.months import Month, parse_month
from dialer.billing.rating import Agreement
from dialer.billing.terms import Contracts
from dialer.config.document import parse
from dialer.config.scalars import parse_duration_s

BERLIN = ZoneInfo("Europe/Berlin")
VERSIONS = TypeAdapter(Contracts)


def example(text: str) -> tuple[Agreement, Facts, Month]:
    document = parse(text.encode(), "example")
    assert not document.faults, document.faults
    value = document.value
    agreement = Agreement("acme", value.get("currency", "EUR"), BERLIN, VERSIONS.validate_python(value["contract"]))
    facts = Facts([call(**one) for one in value.get("calls", [])], [span(one) for one in value.get("spans", [])],
                  [sale(one) for one in value.get("sales", [])],
                  [Score(one["call"], epoch(one["at"]), Decimal(one["score"])) for one in value.get("scores", [])],
                  cards=[Score(one["call"], epoch(one["at"]), Decimal(one["score"])) for one in value.get("cards", [])])
    return agreement, facts, parse_month(value.get("month", "2026-11"))


def contract(text: str) -> Any:
    return VERSIONS.validate_python(parse(text.encode(), "contract").value)


def epoch(local: str | None) -> float | None:
    return None if local is None else datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp()


def call(id: str, at: str, talk: str = "0s", direction: str = "inbound", outcome: str = "answered",  # noqa: A002
         disposition: str | None = None, waited: str | None = None) -> Call:
    began, talk_s = epoch(at), parse_duration_s(talk)
    wait_s = 0.0 if waited is None else parse_duration_s(waited)
    joined = began + wait_s if talk_s else None
    answered = began if outcome in ("answered", "abandoned", "self_served") else None
    return Call(id, began, direction, outcome, disposition, began if direction == "outbound" else None, answered,
                None if waited is None else began, joined, began + wait_s + talk_s, talk_s)


def span(one: dict[str, Any]) -> Span:
    return Span(one["agent"], one["state"], epoch(one["from"]), epoch(one["to"]), one.get("call"), one.get("reason"),
                one.get("client"))


def sale(one: dict[str, Any]) -> Sale:
    amount = None if "amount" not in one else Decimal(repr(one["amount"]))
    return Sale(one["id"], one["call"], epoch(one["at"]), amount, one.get("disposition"), epoch(one.get("cancelled")))


def shown(entry: Entry) -> tuple[str, ...]:
    places = exponent(entry.currency)
    return (entry.term, f"{plain(entry.quantity)} {entry.unit}", f"{plain(entry.unit_price)} / {entry.per}",
            plain(entry.amount, places))
