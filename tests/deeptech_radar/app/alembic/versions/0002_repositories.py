from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.execute("CREATE TABLE repositories (id bigserial PRIMARY KEY, name text NOT NULL, embedding vector(8))")


def downgrade():
    op.execute("DROP TABLE repositories")
