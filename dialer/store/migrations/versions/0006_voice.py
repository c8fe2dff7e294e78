"""How calls were heard"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("leg", sa.String, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("campaign", sa.String),
        sa.Column("switch", sa.String, nullable=False),
        sa.Column("endpoint", sa.String, nullable=False),
        sa.Column("agent", sa.String),
        sa.Column("codec", sa.String, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("r", sa.Double, nullable=False),
        sa.Column("r_worst", sa.Double, nullable=False),
        sa.Column("mos", sa.Double, nullable=False),
        sa.Column("loss", sa.Double, nullable=False),
        sa.Column("expected", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("burst_ratio", sa.Double, nullable=False),
        sa.Column("jitter_s", sa.Double, nullable=False),
        sa.Column("jitter_worst_s", sa.Double, nullable=False),
        sa.Column("round_trip_s", sa.Double),
        sa.Column("dead_air_s", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_voice_call_id"),
        sa.PrimaryKeyConstraint("call_id", "leg", "direction", "started_at", name="pk_voice"),
    )
    op.create_index("ix_voice_ended_at", "voice", ["ended_at"])


def downgrade() -> None:
    op.drop_table("voice")
