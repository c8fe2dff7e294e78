"""What was told of who listened, before holders of tokens had names."""

import sqlalchemy as sa
from alembic import command

from dialer.store import database


def test_what_the_one_token_told_becomes_the_operators(empty_url: str) -> None:
    parsed = database.parse_url(empty_url)
    engine = database.writer_engine(parsed)
    listenings = sa.table("listenings", sa.column("id", sa.Integer), sa.column("recording_id", sa.String),
                          sa.column("by", sa.String), sa.column("at", sa.Double))  # fmt: skip
    with database.turns(parsed) as turn:
        database.migrate(engine, turn)
        with engine.connect() as connection:
            config = database.migrations()
            config.attributes["connection"] = connection
            with connection.begin():
                command.downgrade(config, "0025")
                connection.execute(listenings.insert().values(id=1, recording_id="r1", by="maria", at=5.0))
            for step, told in ((command.upgrade, "operator/maria"), (command.downgrade, "maria")):
                with connection.begin():
                    step(config, "0026" if step is command.upgrade else "0025")
                with connection.begin():
                    assert connection.execute(sa.select(listenings.c.by)).scalar_one() == told
    engine.dispose()
