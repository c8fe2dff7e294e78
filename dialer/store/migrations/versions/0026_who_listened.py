"""Who listened and scored: what was told with the one token there was, was told by the operator on somebody's behalf"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = ("listenings", "score_cards", "test_cards")
OPERATOR = "operator/"


def upgrade() -> None:
    for name in TABLES:
        by = sa.column("by", sa.String)
        op.execute(sa.table(name, by).update().values(by=sa.literal(OPERATOR) + by))


def downgrade() -> None:
    """The others stay as they are."""
    for name in TABLES:
        by = sa.column("by", sa.String)
        op.execute(
            sa.table(name, by).update().where(by.like(f"{OPERATOR}%"))
            .values(by=sa.func.substr(by, len(OPERATOR) + 1))
        )
