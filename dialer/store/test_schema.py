"""The tables of test calls; `schema.py` says how times are kept."""

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, String, Table

from dialer.store.schema import metadata

test_calls = Table(
    "test_calls", metadata,
    # Their own side. Nothing in `calls` tells them from others: agents must not see it.
    Column("id", String, primary_key=True),
    Column("test", String, nullable=False),
    Column("client", String, nullable=False),
    Column("node", String, nullable=False),
    Column("switch", String, nullable=False),
    Column("number", String, nullable=False),
    Column("caller_id", String, nullable=False),
    Column("placed_at", Double, nullable=False),
    Column("call_id", String),  # that it came in as; known before that call is on disk
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("fault", String),
    Column("rules", JSON(none_as_null=True)),
    Column("by_rules", Double),
    Column("rang_at", Double),
    Column("cause", Integer),
    Column("mos", Double),
    Index(None, "placed_at"),
    Index(None, "call_id"),
)

test_cards = Table(
    "test_cards", metadata,
    Column("id", String, ForeignKey("test_calls.id"), primary_key=True),
    Column("by", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("points", JSON, nullable=False),
    Column("score", Double, nullable=False),
    Column("comment", String, nullable=False),
)
