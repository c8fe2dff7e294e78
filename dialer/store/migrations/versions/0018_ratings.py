"""Which rating writes into a month"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_months", sa.Column("run", sa.String))


def downgrade() -> None:
    op.drop_column("ledger_months", "run")
