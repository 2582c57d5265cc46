from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute("CREATE TABLE papers (id bigserial PRIMARY KEY, title text NOT NULL, domain text, embedding vector(8))")


def downgrade():
    op.execute("DROP TABLE papers")
    op.execute("DROP EXTENSION vector")
