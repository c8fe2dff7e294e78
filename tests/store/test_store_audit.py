"""Who gave which order, kept."""

from dataclasses import replace

from dialer.store.audit import AuditRow
from dialer.store.store import Store

ROW = AuditRow(5.0, "maria", "PATCH /v1/campaigns/{campaign}", {"campaign": "winback"}, {"limits": {"channels": 4}},
               "127.0.0.1")  # fmt: skip


async def test_the_latest_first_by_time_and_by_whom(store: Store) -> None:
    rows = [replace(ROW, at=float(at), who=who) for at, who in enumerate(
        ("maria", "maria_b", "crm/maria", "maria/paul", "crm"))]  # fmt: skip
    for row in rows:
        await store.audit.note(row)
    assert await store.audit.found(0.0, 9.0) == rows[::-1]
    assert await store.audit.found(1.0, 3.0) == [rows[2], rows[1]]
    assert await store.audit.found(0.0, 9.0, "maria") == [rows[3], rows[2], rows[0]]
    assert await store.audit.found(0.0, 9.0, "paul") == [rows[3]]
