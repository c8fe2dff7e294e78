"""What became of a call while nobody listened, from what the switch has kept of its channel. Pure."""

from collections.abc import Sequence

from dialer.calls import events as ev
from dialer.calls.model import Call, Conversation
from dialer.store.records import CallRecord

UNKNOWN = ev.Notes()


def end_of(call: Call, notes: ev.Notes | None, gone_at: float) -> Sequence[ev.CallEvent]:
    """Of a call whose channel is gone. Where the switch tells nothing of its end, it is lost, at `gone_at`."""
    if notes is None or notes.ended is None:
        return [ev.Gone(call.id, gone_at)]
    told: list[ev.CallEvent] = []
    if notes.answered_at is not None and call.answered_at is None:
        told.append(ev.Answered(call.id, notes.answered_at))
    if call.talking_since is not None and (parted_at := parted_after(call.talking_since, notes)) is not None:
        told.append(ev.Unbridged(call.id, parted_at, call.bridge))
    return [*told, notes.ended]


def parted_after(talking_since: float, notes: ev.Notes) -> float | None:
    """When the talk that began then was over, where the channel outlived it."""
    return notes.parted_at if notes.parted_at is not None and notes.parted_at >= talking_since else None


def talks_of(record: CallRecord, notes: ev.Notes, talking: bool, now: float) -> tuple[Conversation, ...]:
    """Talks that are over. Who had an agent before and has none now was talked with, whatever comes next; when a talk
    ended that the row leaves them in, the switch may know: at the latest now."""
    if record.joined_at is None or record.agent is None:
        return ()
    first = Conversation(record.agent, record.joined_at, record.joined_at + record.talk_s)
    if record.state != "talking":
        return (first,)
    began = began_at(record, notes)
    earlier = (first,) if began is not None and began > record.joined_at else ()
    if talking:
        return earlier
    began = began or record.joined_at
    return (*earlier, Conversation(record.agent, began, parted_after(began, notes) or max(now, began)))


def began_at(record: CallRecord, notes: ev.Notes) -> float | None:
    """The present or last talk. A row has the time of the first one, and how long all were that were over by then."""
    if record.joined_at is None:
        return notes.joined_at
    again = record.talk_s > 0 and (notes.joined_at or 0.0) >= record.joined_at + record.talk_s
    return notes.joined_at if again else record.joined_at
