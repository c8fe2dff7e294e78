"""Contacts of several lists, with several numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAMES = ("others", "turn", "list", "rank", "timezone")


def upgrade() -> None:
    op.add_column("contacts", sa.Column("others", sa.JSON(none_as_null=True)))
    op.add_column("contacts", sa.Column("turn", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("contacts", sa.Column("list", sa.String, nullable=False, server_default=sa.text("''")))
    op.add_column("contacts", sa.Column("rank", sa.Double, nullable=False, server_default=sa.text("0")))
    op.add_column("contacts", sa.Column("timezone", sa.String))
    op.execute("UPDATE contacts SET list = 'main'")


def downgrade() -> None:
    for name in reversed(NAMES):
        op.drop_column("contacts", name)
