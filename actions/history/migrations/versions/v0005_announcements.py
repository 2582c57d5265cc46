"""Announcements: where people are told about a rollback, what they were told, and who tells them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = sa.text("statement_timestamp()")


def upgrade() -> None:
    _places()
    _announcements()
    _around()


def downgrade() -> None:
    for name in ("viewers", "deliveries", "announcers", "announcements", "places"):
        op.drop_table(name)


def _moment(name: str, *, now: bool = False) -> sa.Column[object]:
    if now:
        return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=NOW)
    return sa.Column(name, sa.DateTime(timezone=True))


def _places() -> None:
    op.create_table(
        "places",
        sa.Column("rollback_id", sa.BigInteger, sa.ForeignKey("rollbacks.id"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text) for name in ("asked_in", "place", "wanted_name", "trouble")),
        sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        _moment("made_at", now=True),
        _moment("updated_at", now=True),
    )
    op.create_index("places_unsettled", "places", ["rollback_id"], postgresql_where=sa.text("NOT settled"))


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rollback_id", sa.BigInteger, sa.ForeignKey("rollbacks.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("upto", sa.BigInteger),
        *(sa.Column(name, sa.Text) for name in ("thread", "ref", "shown")),
        sa.Column("begun_by", sa.Text, nullable=False),
        _moment("begun_at", now=True),
        _moment("said_at"),
        _moment("updated_at", now=True),
        sa.UniqueConstraint("rollback_id", "key", name="announcements_key"),
    )


def _around() -> None:
    op.create_table(
        "announcers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        _moment("lease_until"),
        _moment("since", now=True),
    )
    op.create_table("deliveries", sa.Column("key", sa.Text, primary_key=True), _moment("at", now=True))
    op.create_index("deliveries_by_age", "deliveries", ["at"])
    op.create_table(
        "viewers",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("shown", sa.Text),
        _moment("opened_at", now=True),
    )
