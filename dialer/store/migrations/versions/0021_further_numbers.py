"""An index of the contacts that have further numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SEVERAL = sa.text("others IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_contacts_others", "contacts", ["campaign", "id"],
                    sqlite_where=SEVERAL, postgresql_where=SEVERAL)  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_contacts_others", "contacts")
