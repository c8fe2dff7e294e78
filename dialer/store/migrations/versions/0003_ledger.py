"""Ledger, sales and scores of test calls"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# One order on every database, whatever its language.
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("key", KEY, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.Column("booked", sa.String, nullable=False),
        sa.Column("term", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("quantity", sa.String, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("unit_price", sa.String, nullable=False),
        sa.Column("per", sa.Integer, nullable=False),
        sa.Column("amount", sa.String, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("call_id", sa.String),
        sa.PrimaryKeyConstraint("key", "revision", name="pk_ledger"),
    )
    op.create_index("ix_ledger_client_booked_key_revision", "ledger", ["client", "booked", "key", "revision"])
    op.create_index("ix_ledger_client_month_key_revision", "ledger", ["client", "month", "key", "revision"])
    op.create_table(
        "ledger_months",
        sa.Column("client", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("client", "month", name="pk_ledger_months"),
    )
    op.create_table(
        "sales",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("amount", sa.String),
        sa.Column("cancelled_at", sa.Double),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_sales_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sales"),
    )
    op.create_index("ix_sales_call_id", "sales", ["call_id"])
    op.create_table(
        "test_scores",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("score", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_test_scores_call_id"),
        sa.PrimaryKeyConstraint("call_id", name="pk_test_scores"),
    )
    op.create_index("ix_calls_client_created_at", "calls", ["client", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_calls_client_created_at", "calls")
    for table in ("test_scores", "sales", "ledger_months", "ledger"):
        op.drop_table(table)
