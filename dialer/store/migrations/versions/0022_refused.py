"""Whether a call's disposition meant that the person refused"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("refused", sa.Boolean))


def downgrade() -> None:
    op.drop_column("calls", "refused")
