"""Whether a dial may ring only while an agent is held for it"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("agent_needed", sa.Boolean))


def downgrade() -> None:
    op.drop_column("calls", "agent_needed")
