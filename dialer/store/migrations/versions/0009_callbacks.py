"""Calls promised to people"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("agent", sa.String),
        sa.Column("number", sa.String),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("call_id", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_callbacks_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_callbacks"),
    )


def downgrade() -> None:
    op.drop_table("callbacks")
