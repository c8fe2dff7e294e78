"""Calls name their contact without a look whether it is there: on PostgreSQL that was a tenth of a claim"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAME = "fk_calls_contact_id"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint(NAME, "calls", type_="foreignkey")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_foreign_key(NAME, "calls", "contacts", ["contact_id"], ["id"])
