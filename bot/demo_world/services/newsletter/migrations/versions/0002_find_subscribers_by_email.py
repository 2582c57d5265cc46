"""Find subscribers by their address"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_index("subscribers_email", "subscribers", ["email"])


def downgrade():
    op.drop_index("subscribers_email", "subscribers")
