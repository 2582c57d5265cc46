"""What the application is told by its environment."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    dsn: str = field(default_factory=lambda: os.environ["SHOP_POSTGRES_DSN"])

    @property
    def sqlalchemy_url(self) -> str:
        return self.dsn.replace("postgresql://", "postgresql+psycopg://", 1)
