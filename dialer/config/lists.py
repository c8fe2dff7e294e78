"""The lists of a campaign: their files, what their columns are, who of them is called, and in which order."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from dialer.config.scalars import Model, Name, Text
from dialer.flows.expressions import Expression

MAIN = "main"
"""The name of the one list of a campaign that says `list: FILE`."""


class Columns(Model):
    """Which column is what, by the heading in the file. What is left out is found by its usual headings."""

    number: Text | None = None
    """Whom to call; it identifies the contact in its campaign."""
    others: list[Text] = Field(default_factory=list, max_length=9)
    """Further numbers of the same person, in the order in which they are tried."""
    fields: dict[Name, Text] = Field(default_factory=dict)
    """Custom fields: our name → their heading. Columns not named here keep their own headings as names."""
    timezone: Text | None = None
    """An IANA name (Europe/Berlin), where the number does not tell the person's time zone."""
    next_at: Text | None = None
    """Not to be called before."""


class ContactList(Model):
    """One list of a campaign."""

    name: Name
    """As reports, metrics and the API name it."""
    file: Text
    """Relative to `configs/`."""
    weight: Annotated[int, Strict(), Field(ge=1, le=100)] = 1
    """The share of the dials among lists of the same priority: 3 beside 1 gives three of four."""
    priority: Annotated[int, Strict(), Field(ge=0, le=100)] = 0
    """The highest first: another list has its turn only when nobody of those above it is due."""
    map: Columns = Columns()
    where: Expression | None = None
    """Over the contact's fields; who does not match is held back: `country == "DE" and len(email) > 0`."""
    order: Expression | None = None
    """Over the contact's fields; the smallest number is called first, what is no number last: `100 - score`."""
    encoding: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,40}$", examples=["cp1252"])] | None = None
    """Left out, UTF-8 or UTF-16 as found, else cp1252."""
    delimiter: Annotated[str, Field(pattern="^.$|^\t$", examples=[";"])] | None = None
    """Left out, as found in the first line."""
    sheet: Text | None = None
    """Of a workbook (XLSX); left out, the first."""
    duplicates: Literal["campaign", "client"] = "campaign"
    """A number that another list of the campaign, or any campaign of the client, has already is left out."""
