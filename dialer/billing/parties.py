"""Who an invoice is from and to: `seller` in the plant's file, `buyer` and `budget` in a client's."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from dialer.billing.money import Money, Share, parse_share
from dialer.config.scalars import Model, Text, seen

Country = Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["DE"])]
"""Two letters of ISO 3166-1."""
VatId = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9+*]{2,13}$", examples=["DE136695976"])]
"""With the country's two letters, without spaces."""
Email = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$", examples=["billing@example.com"])]
SERIES = "{year}-{number:05}"
Days = Annotated[int, Strict(), Field(ge=0, le=365)]


def _iban(value: str) -> str:
    """ISO 13616: without spaces, the two digits after the country make the whole 1 modulo 97."""
    text = value.replace(" ", "").upper()
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        raise ValueError(f"{seen(value)} is not an IBAN; write it as DE89 3704 0044 0532 0130 00")
    if int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 != 1:
        raise ValueError(f"{seen(value)} is not an IBAN: its check digits do not fit; look for a slip of the keys")
    return text


def _number(value: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9 ./_-]|\{year\}|\{number(:0[1-9])?\})+", value) or "{number" not in value:
        raise ValueError(f"{seen(value)} gives no invoice numbers; write it as \"{{year}}-{{number:05}}\"")
    return value


class Address(Model):
    street: Text
    extra: Text | None = None
    """A second line."""
    postcode: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{0,15}$", examples=["10115"])]
    city: Text
    country: Country


class Contact(Model):
    """Whom to ask about an invoice."""

    name: Text
    phone: Text
    email: Email


class Seller(Model):
    """Who writes the invoices: EN 16931's group BG-4, and how it is paid."""

    name: Text
    """As registered."""
    address: Address
    vat_id: VatId
    register_number: Text | None = None
    """Of the companies' register, as HRB 12345 B."""
    contact: Contact | None = None
    iban: Annotated[str, AfterValidator(_iban)]
    bic: Annotated[str, Field(pattern="^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", examples=["COBADEFFXXX"])] | None = None
    payment_days: Days = 14
    """After the invoice's date it is due."""
    invoice_number: Annotated[Text, AfterValidator(_number)] = SERIES
    """`number` counts without a gap; with `year`, from 1 in each year. Changing it begins a new count."""


def series_of(seller: Seller | None, on: date) -> str:
    """The count that an invoice of the day takes its number from, with the number's own place left open."""
    return (seller.invoice_number if seller else SERIES).replace("{year}", str(on.year))


class Buyer(Model):
    """Who pays: EN 16931's group BG-7."""

    name: Text | None = None
    """As registered; left out, the client's name."""
    address: Address
    vat_id: VatId | None = None
    """Needed where the tax is reversed to the buyer."""
    email: Email | None = None
    reference: Text | None = None
    """What the buyer asks to be named: a cost centre, a routing id."""
    order: Text | None = None
    """The buyer's purchase order."""


def _threshold(value: Any) -> Decimal:
    share = parse_share(value)
    if not share:
        raise ValueError(f"{seen(value)} would alert at once; write 50%")
    return share


Threshold = Annotated[Share, BeforeValidator(_threshold)]


class Budget(Model):
    """What the client wants to spend on a month, before taxes."""

    month: Annotated[Money, Field(gt=0)]
    alert_at: Annotated[list[Threshold], Field(max_length=10)] = Field(default_factory=lambda: [Decimal(1)])
    """Each alerts once a month, when the fee so far reaches this part of the budget; left out, at 100%."""
    hard_stop: Literal["outbound"] | None = None
    """`outbound`: the client's campaigns dial no more in a month whose fee has reached the budget."""
