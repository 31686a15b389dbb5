"""History that registers held, brought home to the provider; and what coverage counts."""

revision = "main_0015"
down_revision = "main_0014"


def upgrade() -> None:
    """Filled in by the work that needs it."""


def downgrade() -> None:
    """Nothing yet."""
