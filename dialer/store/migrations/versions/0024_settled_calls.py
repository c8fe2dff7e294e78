"""The index of a client's calls by time holds the settled ones: a claim neither writes it nor reads all calls by it"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NAME = "ix_calls_client_created_at"
SETTLED = sa.text("outcome IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, "calls")
    op.create_index(NAME, "calls", ["client", "created_at"], sqlite_where=SETTLED, postgresql_where=SETTLED)


def downgrade() -> None:
    op.drop_index(NAME, "calls")
    op.create_index(NAME, "calls", ["client", "created_at"])
