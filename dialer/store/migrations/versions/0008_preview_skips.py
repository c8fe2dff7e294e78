"""Contacts that agents were shown and skipped"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "preview_skips",
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_preview_skips_contact_id"),
        sa.PrimaryKeyConstraint("agent", "at", name="pk_preview_skips"),
    )
    op.create_index("ix_preview_skips_at", "preview_skips", ["at"])


def downgrade() -> None:
    op.drop_table("preview_skips")
