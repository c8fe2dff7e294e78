"""What agents found where machine detection had said something"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "detections",
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("said_machine", sa.Boolean, nullable=False),
        sa.Column("was_machine", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_detections_call_id"),
        sa.PrimaryKeyConstraint("call_id", name="pk_detections"),
    )
    op.create_index("ix_detections_at", "detections", ["at"])


def downgrade() -> None:
    op.drop_table("detections")
