"""People who answered, by ten minutes and country, and what pacers learnt"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PEOPLE_S = 600


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "slot", "country", "outcome", name="pk_people"),
    )
    # The calls of before: of no country, which counts under every pack.
    slot = f"over_at / {PEOPLE_S}"
    slot = f"FLOOR({slot})" if op.get_bind().dialect.name == "postgresql" else slot  # SQLite's cast truncates
    op.execute(
        f"INSERT INTO people (campaign, slot, country, outcome, count) "
        f"SELECT campaign, CAST({slot} AS BIGINT), '', outcome, count(*) FROM calls "
        "WHERE campaign IS NOT NULL AND outcome IN ('answered', 'abandoned', 'machine') GROUP BY 1, 2, 4"
    )
    op.create_table(
        "learned",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("campaign", name="pk_learned"),
    )


def downgrade() -> None:
    op.drop_table("learned")
    op.drop_table("people")
