"""Numbers of invoices, and alerts of budgets"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("series", sa.String, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("series", name="pk_invoice_series"),
    )
    op.create_table(
        "invoices",
        sa.Column("number", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.Column("issued_on", sa.String, nullable=False),
        sa.Column("parties", sa.JSON),
        sa.PrimaryKeyConstraint("number", name="pk_invoices"),
        sa.UniqueConstraint("client", "month", name="uq_invoices_client_month"),
    )
    op.create_table(
        "budget_alerts",
        sa.Column("client", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.Column("threshold", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("net", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("client", "month", "threshold", name="pk_budget_alerts"),
    )


def downgrade() -> None:
    for table in ("budget_alerts", "invoices", "invoice_series"):
        op.drop_table(table)
