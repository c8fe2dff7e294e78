"""Checks on a campaign's lists and on its rules for calling again."""

import os
from collections.abc import Iterator

from dialer.config.campaign import Campaign
from dialer.config.configuration import Draft, Loaded
from dialer.config.faults import Fault, suggest
from dialer.config.retries import delays_of, overlap


def list_faults(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    folder = draft.root / "configs"
    if campaign.contacts is not None and campaign.lists:
        yield Fault(document.place(("list",), key=True), "both `list` and `lists`",
                    "write this file as an entry of `lists`")
    places: list[tuple[tuple[str | int, ...], str]] = [(("list",), campaign.contacts)] if campaign.contacts else []
    places += [(("lists", index, "file"), one.file) for index, one in enumerate(campaign.lists)]
    for loc, file in places:
        if not os.path.isfile(folder / file):  # Path.is_file raises for a name that is too long
            lists = [str(found.relative_to(folder)) for found in folder.glob("lists/*") if found.is_file()]
            yield Fault(document.place(loc), f"there is no file `{folder / file}`", suggest(file, lists, "lists"))
    names: set[str] = set()
    for index, one in enumerate(campaign.lists):
        if one.name in names:
            yield Fault(document.place(("lists", index, "name")), f"another list is named `{one.name}`",
                        "give each a name of its own")
        names.add(one.name)


def retry_faults(loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    for reason, rule in campaign.retry.items():
        loc = ("retry", reason)
        if min(delays_of(rule.after)) <= 0:
            yield Fault(document.place((*loc, "after")), "calls again at once", "after `15m`, say")
        if rule.other_part and not campaign.day_parts and loaded.whole:
            yield Fault(document.place((*loc, "other_part"), key=True), "there are no `day_parts`",
                        'add `day_parts: {morning: {from: "09:00", to: "12:00"}, ...}`, or leave this out')
    if (shared := overlap(campaign.day_parts)) is not None:
        yield Fault(document.place(("day_parts", shared[1]), key=True), f"overlaps with `{shared[0]}`",
                    "end one part where the other begins")
