"""Recordings, who listened to them, samples and score cards"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _recordings()
    op.create_table(
        "listenings",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_listenings"),
    )
    op.create_index("ix_listenings_recording_id", "listenings", ["recording_id"])
    op.create_table(
        "samples",
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("recording_id", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("drawn_at", sa.Double, nullable=False),
        sa.Column("dropped_at", sa.Double),
        sa.PrimaryKeyConstraint("rule", "recording_id", name="pk_samples"),
    )
    op.create_index("ix_samples_rule_period", "samples", ["rule", "period"])
    op.create_index("ix_samples_recording_id", "samples", ["recording_id"])
    op.create_table(
        "score_cards",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", sa.String, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("failed", sa.JSON, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_score_cards"),
    )
    op.create_index("ix_score_cards_recording_id", "score_cards", ["recording_id"])


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("switch", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("campaign", sa.String),
        sa.Column("queue", sa.String),
        sa.Column("agent", sa.String),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("sound", sa.String, nullable=False),
        sa.Column("began_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("seconds", sa.Double),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("pauses", sa.JSON, nullable=False),
        sa.Column("fault", sa.String),
        sa.Column("hold", sa.String),
        sa.Column("deleted_at", sa.Double),
        sa.Column("deleted_why", sa.String),
        sa.Column("removed_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
    )
    op.create_index("ix_recordings_began_at", "recordings", ["began_at"])
    op.create_index("ix_recordings_call_id", "recordings", ["call_id"])
    op.create_index("ix_recordings_client_began_at", "recordings", ["client", "began_at"])
    for name, columns, where in (
        ("unfinished", ["node", "ended_at"], "seconds IS NULL AND fault IS NULL"),
        ("kept", ["until"], "deleted_at IS NULL"),
        ("to_remove", ["switch"], "deleted_at IS NOT NULL AND removed_at IS NULL"),
    ):
        condition = sa.text(where)
        op.create_index(f"ix_recordings_{name}", "recordings", columns, sqlite_where=condition,
                        postgresql_where=condition)


def downgrade() -> None:
    for table in ("score_cards", "samples", "listenings", "recordings"):
        op.drop_table(table)
