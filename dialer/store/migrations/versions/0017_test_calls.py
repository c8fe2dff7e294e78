"""Test calls and their score cards"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_calls",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("test", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("switch", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("caller_id", sa.String, nullable=False),
        sa.Column("placed_at", sa.Double, nullable=False),
        sa.Column("call_id", sa.String),
        sa.Column("answered_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("fault", sa.String),
        sa.Column("rules", sa.JSON(none_as_null=True)),
        sa.Column("by_rules", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_test_calls"),
    )
    op.create_index("ix_test_calls_placed_at", "test_calls", ["placed_at"])
    op.create_index("ix_test_calls_call_id", "test_calls", ["call_id"])
    op.create_table(
        "test_cards",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["test_calls.id"], name="fk_test_cards_id"),
        sa.PrimaryKeyConstraint("id", "by", name="pk_test_cards"),
    )


def downgrade() -> None:
    op.drop_table("test_cards")
    op.drop_table("test_calls")
