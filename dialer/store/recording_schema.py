"""The tables of recordings and of what was said of them; `schema.py` says how times are kept."""

from sqlalchemy import JSON, Boolean, Column, Double, Index, Integer, String, Table, text

from dialer.store.schema import Id, metadata

recordings = Table(
    "recordings", metadata,
    # One a talk. A row outlives its file: that there was one, and why it is gone, has to be told.
    Column("id", String, primary_key=True),
    Column("call_id", String, nullable=False),
    Column("node", String, nullable=False),
    Column("switch", String, nullable=False),
    Column("client", String, nullable=False),
    Column("campaign", String),
    Column("queue", String),
    Column("agent", String),
    Column("file", String, nullable=False),  # below the switch's directory
    Column("sound", String, nullable=False),  # mixed, stereo, agent
    Column("began_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("seconds", Double),  # by the file
    Column("until", Double, nullable=False),
    Column("pauses", JSON, nullable=False),  # [[from, to or null], ...]
    Column("fault", String),  # not_started, no_file, no_record
    Column("hold", String),  # why it is kept beyond `until`
    Column("deleted_at", Double),
    Column("deleted_why", String),  # expired, erased, by_hand
    Column("removed_at", Double),  # the file is gone
    Index(None, "began_at"),
    Index(None, "call_id"),
    Index(None, "client", "began_at"),
    Index("ix_recordings_unfinished", "node", "ended_at",
          sqlite_where=text("seconds IS NULL AND fault IS NULL"),
          postgresql_where=text("seconds IS NULL AND fault IS NULL")),
    Index("ix_recordings_kept", "until", sqlite_where=text("deleted_at IS NULL"),
          postgresql_where=text("deleted_at IS NULL")),
    Index("ix_recordings_to_remove", "switch",
          sqlite_where=text("deleted_at IS NOT NULL AND removed_at IS NULL"),
          postgresql_where=text("deleted_at IS NOT NULL AND removed_at IS NULL")),
)  # fmt: skip

listenings = Table(
    "listenings", metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
    Index(None, "recording_id"),
)

samples = Table(
    "samples", metadata,
    # Drawn by rule: which recordings are to be scored. One that is gone is dropped, and another drawn.
    Column("rule", String, primary_key=True),  # client:NAME, campaign:NAME
    Column("recording_id", String, primary_key=True),
    Column("agent", String, nullable=False),
    Column("period", String, nullable=False),  # 2026-11, 2026-W47
    Column("part", Integer, nullable=False),
    Column("card", String, nullable=False),
    Column("drawn_at", Double, nullable=False),
    Column("dropped_at", Double),
    Index(None, "rule", "period"),
    Index(None, "recording_id"),
)

score_cards = Table(
    "score_cards", metadata,
    # Added, never changed: of one person's cards of a recording the last counts.
    Column("id", Id, primary_key=True),
    Column("recording_id", String, nullable=False),
    Column("card", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("points", JSON, nullable=False),
    Column("score", Double, nullable=False),
    Column("failed", JSON, nullable=False),  # critical criteria with 0 points
    Column("passed", Boolean, nullable=False),
    Column("comment", String, nullable=False),
    Index(None, "recording_id"),
)
