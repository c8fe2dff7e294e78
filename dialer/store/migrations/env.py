"""Runs the revisions on the connection that `database.migrate` hands over; there is no alembic.ini."""

from alembic import context

from dialer.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
