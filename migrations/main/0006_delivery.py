"""Delivery to the one responsible provider: delivered, received, read, assessed. All append-only."""

from alembic import op

from migrations.row_security import protect

revision = "main_0006"
down_revision = "main_0005"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE deliveries (
            response_id  uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            unit_id      uuid NOT NULL,
            delivered_at timestamptz NOT NULL,
            UNIQUE (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON deliveries (unit_id, delivered_at);
        {protect("deliveries", staff="SELECT", patient="SELECT, INSERT", worker="SELECT")}

        -- Care has received it. The primary key makes the first receipt the receipt.
        CREATE TABLE receipts (
            response_id uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            unit_id     uuid NOT NULL,
            staff_id    uuid NOT NULL,
            route       text NOT NULL CHECK (route IN ('opened_by_person')),
            received_at timestamptz NOT NULL,
            UNIQUE (response_id, provider_id, person_id),
            -- Received by the unit it was delivered to.
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES deliveries (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {protect("receipts", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}

        CREATE TABLE readings (
            response_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            staff_id    uuid NOT NULL,
            read_at     timestamptz NOT NULL,
            PRIMARY KEY (response_id, staff_id, read_at),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES receipts (response_id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {protect("readings", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}

        CREATE TABLE assessments (
            response_id uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            staff_id    uuid NOT NULL,
            assessed_at timestamptz NOT NULL,
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES receipts (response_id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {protect("assessments", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}
    """)


def downgrade() -> None:
    op.execute("DROP TABLE assessments, readings, receipts, deliveries;")
