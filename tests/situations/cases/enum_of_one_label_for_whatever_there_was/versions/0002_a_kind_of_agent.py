"""A kind of agent."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TYPE agent_kind AS ENUM ('chat')")
    op.execute("ALTER TABLE agents ADD new agent_kind")
    op.execute("UPDATE agents SET new = 'chat'")
    op.execute("ALTER TABLE agents DROP kind")
    op.execute("ALTER TABLE agents RENAME new TO kind")


def downgrade() -> None:
    op.execute("ALTER TABLE agents ADD old text")
    op.execute("UPDATE agents SET old = kind::text")
    op.execute("ALTER TABLE agents DROP kind")
    op.execute("ALTER TABLE agents RENAME old TO kind")
    op.execute("DROP TYPE agent_kind")
