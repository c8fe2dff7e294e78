"""By which filter and order the contacts of a list stand"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "selections",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("list", sa.String, nullable=False),
        sa.Column("selection", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "list", name="pk_selections"),
    )


def downgrade() -> None:
    op.drop_table("selections")
