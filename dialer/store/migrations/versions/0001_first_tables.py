"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("outcome IS NULL")


def upgrade() -> None:
    op.create_table(
        "agent_sessions",
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("switch", sa.String, nullable=False),
        sa.Column("logged_in_at", sa.Double, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("agent", name="pk_agent_sessions"),
    )
    op.create_table(
        "agent_spans",
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("call_id", sa.String),
        sa.Column("reason", sa.String),
        sa.PrimaryKeyConstraint("agent", "started_at", "ended_at", "state", name="pk_agent_spans"),
    )
    op.create_index("ix_agent_spans_ended_at", "agent_spans", ["ended_at"])
    op.create_table(
        "campaign_status",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("campaign", name="pk_campaign_status"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", sa.JSON, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("result", sa.String),
        sa.Column("call_id", sa.String),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint("campaign", "number", name="uq_contacts_campaign_number"),
    )
    op.create_index("ix_contacts_campaign_state_next_at_id", "contacts", ["campaign", "state", "next_at", "id"])
    op.create_table(
        "list_imports",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("imported", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "path", "digest", name="pk_list_imports"),
    )
    op.create_table(
        "tallies",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "kind", "name", name="pk_tallies"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("switch", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("our_number", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("campaign", sa.String),
        sa.Column("contact_id", ID),
        sa.Column("flow", sa.String),
        sa.Column("flow_position", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("dialled_at", sa.Double),
        sa.Column("ringing_at", sa.Double),
        sa.Column("answered_at", sa.Double),
        sa.Column("queued_at", sa.Double),
        sa.Column("joined_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("agent", sa.String),
        sa.Column("talk_s", sa.Double, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("cause", sa.Integer),
        sa.Column("sip", sa.Integer),
        sa.Column("hung_up_by", sa.String),
        sa.Column("disposition", sa.String),
        sa.Column("counted", sa.String),
        sa.Column("over_at", sa.Double),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_calls_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_contact_id", "calls", ["contact_id"])
    op.create_index("ix_calls_open", "calls", ["node"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_calls_over_at", "calls", ["over_at"])
    op.create_table(
        "dispositions",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("contact_id", ID),
        sa.Column("state", sa.String),
        sa.Column("next_at", sa.Double),
        sa.Column("reason", sa.String),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_dispositions_call_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_dispositions_contact_id"),
        sa.PrimaryKeyConstraint("call_id", name="pk_dispositions"),
    )
    op.create_table(
        "talks",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_talks_call_id"),
        sa.PrimaryKeyConstraint("call_id", "started_at", "agent", name="pk_talks"),
    )
    op.create_index("ix_talks_ended_at", "talks", ["ended_at"])


def downgrade() -> None:
    for table in ("talks", "dispositions", "calls", "tallies", "list_imports", "contacts", "campaign_status",
                  "agent_spans", "agent_sessions"):
        op.drop_table(table)
