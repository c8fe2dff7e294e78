"""What became of a test call's own side"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("test_calls", sa.Column("rang_at", sa.Double))
    op.add_column("test_calls", sa.Column("cause", sa.Integer))
    op.add_column("test_calls", sa.Column("mos", sa.Double))


def downgrade() -> None:
    for name in ("mos", "cause", "rang_at"):
        op.drop_column("test_calls", name)
