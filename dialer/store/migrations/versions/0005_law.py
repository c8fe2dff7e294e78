"""What the law asks to be kept: what abandoned persons heard, debts, consents, erasures, numbers shown"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWED = sa.text("debt IS NOT NULL")


def upgrade() -> None:
    op.add_column("calls", sa.Column("message", sa.String))
    op.add_column("calls", sa.Column("debt", sa.String))
    op.create_index("ix_calls_debt", "calls", ["client", "debt", "created_at"],
                    sqlite_where=OWED, postgresql_where=OWED)  # fmt: skip
    op.create_table(
        "consents",
        sa.Column("id", ID, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("given_at", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("proof", sa.String, nullable=False),
        sa.Column("digest", sa.String),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.UniqueConstraint(
            "number", "client", "purpose", "given_at", name="uq_consents_number_client_purpose_given_at"
        ),
    )
    op.create_index("ix_consents_lookup", "consents",
                    ["number", "client", "purpose", "given_at", "until", "revoked_at"])  # fmt: skip
    op.create_table(
        "caller_id_days",
        sa.Column("client", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("day", sa.String, nullable=False),
        sa.Column("dials", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("client", "number", "day", name="pk_caller_id_days"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", ID, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("client", sa.String),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("certificate", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_hash", "erasures", ["hash"])


def downgrade() -> None:
    for table in ("erasures", "caller_id_days", "consents"):
        op.drop_table(table)
    op.drop_index("ix_calls_debt", "calls")
    op.drop_column("calls", "debt")
    op.drop_column("calls", "message")
