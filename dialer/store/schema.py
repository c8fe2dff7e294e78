"""The tables. Times are epoch seconds, durations seconds, as in `records.py`. A change needs a revision in
`migrations/versions`."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData(naming_convention={
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
})

# SQLite counts by itself only in a column of its own type INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

contacts = Table(
    "contacts", metadata,
    Column("id", Id, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("number", String, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", JSON, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("result", String),
    Column("call_id", String),  # the latest attempt: whose word about the contact counts
    Column("others", JSON(none_as_null=True)),  # numbers after the first
    Column("turn", Integer, nullable=False, server_default=text("0")),  # which of them is next
    Column("list", String, nullable=False, server_default=text("''")),
    Column("rank", Double, nullable=False, server_default=text("0")),
    Column("timezone", String),
    Column("import_id", Id),  # which file it came with, and where it stood there; null when put in by itself
    Column("line", Integer),
    UniqueConstraint("campaign", "number"),
    # A claim reads only the rows that it takes, and those that have come due since the last one, however long the list.
    Index("ix_contacts_due", "campaign", "list", "rank", "next_at", "id",
          sqlite_where=text("state = 'due'"), postgresql_where=text("state = 'due'")),
    Index("ix_contacts_waiting", "campaign", "list", "next_at", "rank", "id",
          sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
    # Further numbers lie in documents: who looks for one reads those.
    Index("ix_contacts_others", "campaign", "id",
          sqlite_where=text("others IS NOT NULL"), postgresql_where=text("others IS NOT NULL")),
    Index("ix_contacts_callback", "campaign", "next_at", "id",
          sqlite_where=text("state = 'callback'"), postgresql_where=text("state = 'callback'")),
)

calls = Table(
    "calls", metadata,
    Column("id", String, primary_key=True),
    Column("direction", String, nullable=False),
    Column("node", String, nullable=False),
    Column("switch", String, nullable=False),
    Column("client", String, nullable=False),
    Column("number", String, nullable=False),
    Column("our_number", String, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("campaign", String),
    Column("contact_id", Id),
    Column("flow", String),
    Column("flow_position", String),
    Column("state", String, nullable=False),
    Column("dialled_at", Double),
    Column("ringing_at", Double),
    Column("answered_at", Double),
    Column("queued_at", Double),
    Column("joined_at", Double),
    Column("ended_at", Double),
    Column("agent", String),
    Column("talk_s", Double, nullable=False),
    Column("language", String),
    Column("outcome", String),  # null until settled
    Column("cause", Integer),
    Column("sip", Integer),
    Column("hung_up_by", String),
    Column("disposition", String),
    Column("counted", String),  # the reason that the contact was charged with; a disposition may replace it
    Column("over_at", Double),  # when it ended, or the last time known of it: what reports go by
    Column("message", String),  # abandoned: what was heard of the message
    Column("debt", String),  # what the contact's field of that name said
    Column("queue", String),
    Column("agent_needed", Boolean),  # it may ring only while its agent is held for it; null: whether or not
    Column("refused", Boolean),  # what the disposition meant when it was given, whatever becomes of the campaign
    # A claim holds the contact's row, and none is ever deleted: PostgreSQL would look each up again, a tenth of it all.
    ForeignKeyConstraint(["contact_id"], ["contacts.id"]).ddl_if(dialect="sqlite"),
    Index(None, "over_at"),
    Index("ix_calls_open", "node", sqlite_where=text("outcome IS NULL"), postgresql_where=text("outcome IS NULL")),
    Index(None, "contact_id"),
    # Not of open calls: until somebody counts them, a claim would read all of the client's by it for each number.
    Index("ix_calls_client_created_at", "client", "created_at",
          sqlite_where=text("outcome IS NOT NULL"), postgresql_where=text("outcome IS NOT NULL")),
    Index(None, "client", "number", "created_at"),  # what rules about the next call to a number ask
    Index("ix_calls_debt", "client", "debt", "created_at",
          sqlite_where=text("debt IS NOT NULL"), postgresql_where=text("debt IS NOT NULL")),
)

do_not_call = Table(
    "do_not_call", metadata,
    Column("number", String, primary_key=True),
    Column("scope", String, primary_key=True),  # global, client:NAME, campaign:NAME
    Column("source", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("until", Double),
)

refusals = Table(
    "refusals", metadata,
    # The latest of each rule: a list of a million is refused whole every evening, and must not grow by a million.
    Column("contact_id", Id, ForeignKey("contacts.id"), primary_key=True),
    Column("rule", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("until", Double),
    Column("text", String, nullable=False),
    Column("times", Integer, nullable=False),
)

consents = Table(
    "consents", metadata,
    # Nothing is changed but the end of one: each has to be shown for years after its last use.
    Column("id", Id, primary_key=True),
    Column("client", String, nullable=False),
    Column("number", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("given_at", Double, nullable=False),
    Column("until", Double),
    Column("revoked_at", Double),
    Column("source", String, nullable=False),
    Column("proof", String, nullable=False),
    Column("digest", String),  # SHA-256 of the file that proves it
    UniqueConstraint("number", "client", "purpose", "given_at"),
    # Holds all that a claim asks: it never reads the table.
    Index("ix_consents_lookup", "number", "client", "purpose", "given_at", "until", "revoked_at"),
)

caller_id_days = Table(
    "caller_id_days", metadata,
    # How often each number was shown on a day of its client's, and how many of those calls a person answered.
    Column("client", String, primary_key=True),
    Column("number", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("dials", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
)

erasures = Table(
    "erasures", metadata,
    # Persons taken out, and what was kept of them: nothing here names anybody.
    Column("id", Id, primary_key=True),
    Column("hash", String, nullable=False),
    Column("client", String),
    Column("at", Double, nullable=False),
    Column("certificate", JSON, nullable=False),
    Index(None, "hash"),
)

callbacks = Table(
    "callbacks", metadata,
    # Promised for as long as the contact's state is `callback`; its next_at is the time.
    Column("contact_id", Id, ForeignKey("contacts.id"), primary_key=True),
    Column("agent", String),
    Column("number", String),
    Column("made_by", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("call_id", String, nullable=False),
)

preview_skips = Table(
    "preview_skips", metadata,
    Column("agent", String, primary_key=True),
    Column("at", Double, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id"), nullable=False),
    Column("reason", String, nullable=False),
    Index(None, "at"),
)

talks = Table(
    "talks", metadata,
    Column("call_id", String, ForeignKey("calls.id"), primary_key=True),
    Column("started_at", Double, primary_key=True),
    Column("agent", String, primary_key=True),
    Column("ended_at", Double, nullable=False),
    Index(None, "ended_at"),
)

agent_spans = Table(
    "agent_spans", metadata,
    # The whole stretch is the key: one that is written again after a lost connection is the same one.
    Column("agent", String, primary_key=True),
    Column("started_at", Double, primary_key=True),
    Column("ended_at", Double, primary_key=True),
    Column("state", String, primary_key=True),
    Column("call_id", String),
    Column("reason", String),
    Index(None, "ended_at"),
)

agent_sessions = Table(
    "agent_sessions", metadata,
    Column("agent", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("switch", String, nullable=False),
    Column("logged_in_at", Double, nullable=False),
    Column("state", String, nullable=False),
)

dispositions = Table(
    "dispositions", metadata,
    Column("call_id", String, ForeignKey("calls.id"), primary_key=True),
    Column("agent", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", Double, nullable=False),
    # The verdict that the code carries, if any: it replaces the one that settling brings.
    Column("contact_id", Id, ForeignKey("contacts.id")),
    Column("state", String),
    Column("next_at", Double),
    Column("reason", String),
    Column("turn", Integer),
    Column("result", String),
)

campaign_status = Table(
    "campaign_status", metadata,
    Column("campaign", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("at", Double, nullable=False),
)

detections = Table(
    "detections", metadata,
    # What machine detection said of a call that an agent had, and what the agent found.
    Column("call_id", String, ForeignKey("calls.id"), primary_key=True),
    Column("campaign", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("said_machine", Boolean, nullable=False),
    Column("was_machine", Boolean, nullable=False),
    Index(None, "at"),
)

campaign_overrides = Table(
    "campaign_overrides", metadata,
    # In place of what the file says, for as long as it says what it `was`. Both are JSON.
    Column("campaign", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("was", String, nullable=False),
    Column("at", Double, nullable=False),
)

imports = Table(
    "imports", metadata,
    # A file read into a list. One that is cut off goes on where the row says, by the same file's next import.
    Column("id", Id, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("list", String, nullable=False),
    Column("path", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("holder", String, nullable=False),  # who writes to it; one who comes later takes it over
    Column("line", Integer, nullable=False),  # up to here every row is in the store and in the report
    Column("report_bytes", BigInteger, nullable=False),  # how long the report was then
    Column("imported", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Index(None, "campaign", "list", "digest"),
)

selections = Table(
    "selections", metadata,
    # The filter and order that the contacts of a list stand by: another one in the file is applied to them.
    Column("campaign", String, primary_key=True),
    Column("list", String, primary_key=True),
    Column("selection", String, nullable=False),
)

tallies = Table(
    "tallies", metadata,
    # Contacts by state and attempts by outcome, kept with every change: totals of a million contacts read ten rows.
    Column("campaign", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# One order on every database, whatever its language.
Key = String().with_variant(String(collation="C"), "postgresql")

ledger = Table(
    "ledger", metadata,
    # Rows are added, never changed. Decimals are texts: neither database rounds those.
    Column("key", Key, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("client", String, nullable=False),
    Column("month", String, nullable=False),  # whose facts these are
    Column("booked", String, nullable=False),  # on whose invoice they stand
    Column("term", String, nullable=False),
    Column("version", String, nullable=False),
    Column("quantity", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("unit_price", String, nullable=False),
    Column("per", Integer, nullable=False),
    Column("amount", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("call_id", String),
    Index(None, "client", "booked", "key", "revision"),
    Index(None, "client", "month", "key", "revision"),
)

ledger_months = Table(
    "ledger_months", metadata,
    Column("client", String, primary_key=True),
    Column("month", String, primary_key=True),
    Column("state", String, nullable=False),  # rating, rated, closed
    Column("run", String),  # the last rating that began to write into it
)

sales = Table(
    "sales", metadata,
    Column("id", String, primary_key=True),
    Column("call_id", String, ForeignKey("calls.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("amount", String),  # null: what the contract says of the call's disposition
    Column("cancelled_at", Double),
    Index(None, "call_id"),
)

test_scores = Table(
    "test_scores", metadata,
    Column("call_id", String, ForeignKey("calls.id"), primary_key=True),
    Column("at", Double, nullable=False),
    Column("score", String, nullable=False),
)

people = Table(
    "people", metadata,
    # Attempts that were answered, kept with every settlement: a budget of 30 days is read in some thousand rows.
    Column("campaign", String, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),  # epoch seconds / PEOPLE_S
    Column("country", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

learned = Table(
    "learned", metadata,
    Column("campaign", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("state", JSON, nullable=False),
)

voice = Table(
    "voice", metadata,
    # How a leg was heard, in one direction: a customer's for the call, an agent's for one talk.
    Column("call_id", String, ForeignKey("calls.id"), primary_key=True),
    Column("leg", String, primary_key=True),  # customer, agent
    Column("direction", String, primary_key=True),  # in: from the leg; out: to it
    Column("started_at", Double, primary_key=True),
    Column("ended_at", Double, nullable=False),
    Column("client", String, nullable=False),
    Column("campaign", String),
    Column("switch", String, nullable=False),
    Column("endpoint", String, nullable=False),
    Column("agent", String),
    Column("codec", String, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("r", Double, nullable=False),
    Column("r_worst", Double, nullable=False),
    Column("mos", Double, nullable=False),
    Column("loss", Double, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("burst_ratio", Double, nullable=False),
    Column("jitter_s", Double, nullable=False),
    Column("jitter_worst_s", Double, nullable=False),
    Column("round_trip_s", Double),
    Column("dead_air_s", Double, nullable=False),
    Index(None, "ended_at"),
)
