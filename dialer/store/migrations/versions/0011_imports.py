"""Imports that go on where they were cut off, and contacts that know where they stood"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("contacts", sa.Column("import_id", ID))
    op.add_column("contacts", sa.Column("line", sa.Integer))
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("list", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("report_bytes", sa.BigInteger, nullable=False),
        sa.Column("imported", sa.Integer, nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_campaign_list_digest", "imports", ["campaign", "list", "digest"])
    op.execute("""
        INSERT INTO imports (campaign, list, path, digest, started_at, ended_at, holder, line, report_bytes, imported,
                             known, duplicates, rejected)
        SELECT campaign, 'main', path, digest, at, at, '', 0, 0, imported, 0, duplicates, rejected FROM list_imports
        ORDER BY at
    """)
    op.drop_table("list_imports")


def downgrade() -> None:
    op.create_table(
        "list_imports",
        sa.Column("campaign", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("imported", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "path", "digest", name="pk_list_imports"),
    )
    op.execute("""
        INSERT INTO list_imports SELECT campaign, path, digest, max(ended_at), max(imported), max(duplicates),
        max(rejected) FROM imports WHERE ended_at IS NOT NULL GROUP BY campaign, path, digest
    """)
    op.drop_table("imports")
    op.drop_column("contacts", "line")
    op.drop_column("contacts", "import_id")
