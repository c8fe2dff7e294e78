"""Contacts that wait apart from those that are due; counts by list"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DUE, WAITING, CALLBACK = (sa.text(f"state = '{state}'") for state in ("due", "waiting", "callback"))
_COUNT = "INSERT INTO tallies (campaign, kind, name, count) SELECT campaign, {}, COUNT(*) FROM contacts GROUP BY {}"


def upgrade() -> None:
    op.add_column("dispositions", sa.Column("turn", sa.Integer))
    op.add_column("dispositions", sa.Column("result", sa.String))
    op.drop_index("ix_contacts_campaign_state_next_at_id", "contacts")
    op.execute("UPDATE contacts SET state = 'waiting' WHERE state = 'due' AND next_at > 0")
    op.create_index("ix_contacts_due", "contacts", ["campaign", "list", "rank", "next_at", "id"],
                    sqlite_where=DUE, postgresql_where=DUE)  # fmt: skip
    op.create_index("ix_contacts_waiting", "contacts", ["campaign", "list", "next_at", "rank", "id"],
                    sqlite_where=WAITING, postgresql_where=WAITING)  # fmt: skip
    op.create_index("ix_contacts_callback", "contacts", ["campaign", "next_at", "id"],
                    sqlite_where=CALLBACK, postgresql_where=CALLBACK)  # fmt: skip
    op.execute("UPDATE dispositions SET state = 'waiting' WHERE state = 'due'")
    _count_again(lists=True)


def downgrade() -> None:
    op.drop_index("ix_contacts_callback", "contacts")
    op.drop_index("ix_contacts_waiting", "contacts")
    op.drop_index("ix_contacts_due", "contacts")
    op.execute("UPDATE contacts SET state = 'due' WHERE state IN ('waiting', 'held_back')")
    op.execute("UPDATE dispositions SET state = 'due' WHERE state = 'waiting'")
    op.create_index("ix_contacts_campaign_state_next_at_id", "contacts", ["campaign", "state", "next_at", "id"])
    _count_again(lists=False)
    op.drop_column("dispositions", "result")
    op.drop_column("dispositions", "turn")


def _count_again(lists: bool) -> None:
    op.execute("DELETE FROM tallies WHERE kind IN ('contacts', 'lists')")
    op.execute(_COUNT.format("'contacts', state", "campaign, state"))
    if lists:
        op.execute(_COUNT.format("'lists', list || ':' || state", "campaign, list, state"))
