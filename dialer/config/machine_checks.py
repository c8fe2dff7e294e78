"""What of a campaign does not go with its answering machines."""

from collections.abc import Iterator

from dialer.config.campaign import Campaign
from dialer.config.configuration import Draft, Loaded
from dialer.config.faults import Fault
from dialer.config.needs import listed


def machine_faults(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document, machine = loaded.model, loaded.document, loaded.model.machine
    client = draft.clients.get(campaign.client)
    spoken = client.model.languages if client is not None and client.whole else None
    for language in machine.message:
        if spoken is not None and language not in spoken:
            yield Fault(document.place(("machine", "message", language), key=True),
                        f"`{language}` is not among the languages of `{campaign.client}`", f"one of {listed(spoken)}")
    if not loaded.whole:
        return
    wanted = campaign.language or (spoken[0] if spoken else None)
    if machine.then == "message" and wanted is not None and wanted not in machine.message:
        yield Fault(document.place(("machine", "then")), f"no message in the campaign's language `{wanted}`",
                    f"add `message: {{{wanted}: ...}}`")
    tone = machine.after_tone
    if tone.silence > tone.max_wait:
        yield Fault(document.place(("machine", "after_tone", "silence")),
                    f"{tone.silence:g} s of silence cannot be over within `max_wait`, {tone.max_wait:g} s",
                    f"at most {tone.max_wait:g}s, or a longer `max_wait`")
    if machine.after_tone.tone and draft.plant is not None and draft.plant.model.audiosocket is None:
        yield Fault(document.place(("machine", "after_tone", "tone"), key=True),
                    "nobody listens for the tone: the plant has no `audiosocket`",
                    "add `audiosocket: {port: 4574}` to plant.yaml, or leave `tone` out")
    if not machine.detect and (machine.sample > 0 or machine.then != "hangup"):
        key = "sample" if machine.sample > 0 else "then"
        yield Fault(document.place(("machine", key), key=True), "machines are not detected",
                    f"add `detect: true`, or leave `{key}` out")
    if machine.sample > 0 and not any(one.machine for one in campaign.dispositions.values()):
        yield Fault(document.place(("machine", "sample"), key=True), "nobody says which of the sample were machines",
                    "add a disposition with `machine: true`")
