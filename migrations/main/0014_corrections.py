"""Corrections of received responses: what changed, why, by whom; the first version stays."""

revision = "main_0014"
down_revision = "main_0013"


def upgrade() -> None:
    """Filled in by the work that needs it."""


def downgrade() -> None:
    """Nothing yet."""
