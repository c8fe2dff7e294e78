"""In which queue a call waited"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("queue", sa.String))


def downgrade() -> None:
    op.drop_column("calls", "queue")
