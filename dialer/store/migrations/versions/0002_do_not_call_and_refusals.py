"""Do-not-call lists and refusals"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "do_not_call",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        sa.PrimaryKeyConstraint("number", "scope", name="pk_do_not_call"),
    )
    op.create_table(
        "refusals",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_refusals_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", "rule", name="pk_refusals"),
    )
    op.create_index("ix_calls_client_number_created_at", "calls", ["client", "number", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_calls_client_number_created_at", "calls")
    op.drop_table("refusals")
    op.drop_table("do_not_call")
