"""Erasing a person (GDPR, article 17): whom, what the certificate says, and what lies in files beside the store."""

import csv
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dialer.campaigns.lists import Erased
from dialer.campaigns.phones import Rejected, read_number
from dialer.campaigns.report import report_path
from dialer.compliance.place import place_of
from dialer.config.configuration import Configuration
from dialer.pseudonyms import Pseudonyms
from dialer.store.erasure import Certificate, Erasures

WHY_KEPT: Mapping[str, str] = {
    "calls": "billing and statistics that the law asks for (GDPR art. 17(3)(b)): without the number, so that nobody can"
             " tell whose they were",
    "recordings": "held for claims at law (GDPR art. 17(3)(e)); delete them when the hold ends",
    "do_not_call": "as a keyed hash, so that no list brings the person back (GDPR art. 17(3)(b), 21(3))",
    "consents": "their proof, which has to be shown for years (Germany: UWG §7a(2)): revoked, without the number",
}  # fmt: skip


def campaigns_of(configuration: Configuration, client: str | None) -> tuple[str, ...]:
    return tuple(
        name for name, campaign in configuration.campaigns.items() if client is None or campaign.client == client
    )


def asked_of(erasures: Erasures, pseudonyms: Pseudonyms, client: str) -> Erased:
    """Who was erased from the client's calls, for whoever brings numbers."""

    async def erased(numbers: Sequence[str]) -> Collection[str]:
        alias = pseudonyms.alias
        return () if alias is None else await erasures.among(alias, numbers, client)

    return erased


def keeps_consents(configuration: Configuration, number: str) -> bool:
    """Whether a pack of the number's country asks for consent: then its proof is kept."""
    country = place_of(number).country
    return any(pack.consent and country in pack.countries for pack in configuration.rules.values())


def clean_files(configuration: Configuration, client: str | None, numbers: Sequence[str]) -> tuple[int, list[str]]:
    """Takes the person's rows out of the reports of imports. Lists themselves are the operator's own: those that still
    have a number are named. Blocks. Gives back how many rows went, and what to say."""
    gone, said = 0, []
    for name in campaigns_of(configuration, client):
        campaign = configuration.campaigns[name]
        for path in configuration.list_paths(campaign).values():
            report = report_path(path, name)
            try:
                gone += _without(report, numbers, campaign.country)
                if any(_names(row, numbers, campaign.country) for row in _rows(path)):
                    said.append(f"{path.name} still has the number: take it out there; it is not called again anyway")
            except OSError as fault:
                said.append(f"{fault.filename or path}: {fault.strerror or fault}: look there yourself")
    return gone, list(dict.fromkeys(said))


def _rows(path: Path) -> Iterator[list[str]]:
    """None where there is no such file, or none of text."""
    if path.suffix != ".csv" or not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        yield from ([cell for part in row for cell in part.split(";")] for row in csv.reader(line for line in file))


def _without(path: Path, numbers: Sequence[str], country: str | None) -> int:
    if not path.is_file():
        return 0
    gone = 0
    with (
        path.open(encoding="utf-8", errors="replace", newline="") as before,
        tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=".report-", delete=False) as after,
    ):
        kept = csv.writer(after)
        for row in csv.reader(before):
            if _names(row, numbers, country):
                gone += 1
            else:
                kept.writerow(row)
    if gone:
        os.chmod(after.name, path.stat().st_mode & 0o777)
        os.replace(after.name, path)
    else:
        os.unlink(after.name)
    return gone


def _names(row: Sequence[str], numbers: Sequence[str], country: str | None) -> bool:
    return any(_number(cell, country) in numbers or any(number in cell for number in numbers) for cell in row)


def _number(cell: str, country: str | None) -> str | None:
    text = cell.strip().strip("'\"")
    if sum(char.isdigit() for char in text) < 7:
        return None
    try:
        return read_number(text, country)
    except Rejected:
        return None


def told(made: Certificate) -> Iterator[str]:
    """The certificate for people, a line at a time."""
    at = datetime.fromtimestamp(made.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"Certificate of erasure {made.id}, {at}"
    yield f"of the person {made.hash}, in the calls of {made.client or 'all clients'}"
    yield f"because: {made.reason}"
    for what, count in made.erased.items():
        yield f"erased: {count} {what.replace('_', ' ')}"
    for what, count in made.kept.items():
        yield f"kept: {count} {what.replace('_', ' ')}: {WHY_KEPT[what]}"
    yield from made.elsewhere


def as_json(made: Certificate) -> Mapping[str, object]:
    return {
        "certificate": made.id, "hash": made.hash, "client": made.client, "at": made.at, "reason": made.reason,
        "erased": dict(made.erased),
        "kept": [{"what": what, "count": count, "why": WHY_KEPT[what]} for what, count in made.kept.items()],
        "elsewhere": list(made.elsewhere),
    }  # fmt: skip
