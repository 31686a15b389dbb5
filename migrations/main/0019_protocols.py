"""Protocols edited by managers of units: drafts, versions of their own provider's, and changes for those enrolled."""

from alembic import op

from migrations.row_security import PROVIDER, enable

revision = "main_0019"
down_revision = "main_0018"

_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"


def upgrade() -> None:
    op.execute(f"""
        -- Whether who is signed in manages a unit of the provider today; about nobody else.
        CREATE FUNCTION is_manager_now() RETURNS boolean LANGUAGE sql STABLE
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT manages_a_unit({_ACTOR}, nullif(current_setting('app.provider', true), '')::uuid, now());
        $$;
        REVOKE EXECUTE ON FUNCTION is_manager_now FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION is_manager_now TO survey_staff;

        -- Written by an operator, or by a member of staff who manages a unit of the provider [A2].
        ALTER TABLE care_protocol_versions ADD COLUMN published_by uuid,
            ADD FOREIGN KEY (published_by, provider_id) REFERENCES staff_members (id, provider_id);
        GRANT INSERT ON care_protocols, care_protocol_versions TO survey_staff;
        CREATE POLICY staff_publishes ON care_protocol_versions AS RESTRICTIVE FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND published_by = {_ACTOR} AND is_manager_now());
        CREATE POLICY staff_makes ON care_protocols AS RESTRICTIVE FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND is_manager_now());
        CREATE INDEX ON enrolments (protocol_version_id);

        -- What a manager is writing, as it stands in the form: each has one of each protocol, and nobody else's.
        CREATE TABLE protocol_drafts (
            protocol_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            -- The version it was begun from; 0 before the first.
            after       integer NOT NULL CHECK (after >= 0),
            fields      jsonb NOT NULL CHECK (octet_length(fields::text) < 400000),
            saved_at    timestamptz NOT NULL,
            PRIMARY KEY (protocol_id, staff_id),
            FOREIGN KEY (protocol_id, provider_id) REFERENCES care_protocols (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {enable("protocol_drafts")}
        GRANT SELECT, INSERT, UPDATE, DELETE ON protocol_drafts TO survey_staff;
        CREATE POLICY staff ON protocol_drafts TO survey_staff
            USING ({PROVIDER} AND staff_id = {_ACTOR})
            WITH CHECK ({PROVIDER} AND staff_id = {_ACTOR} AND is_manager_now());

        -- A version that is also given to those enrolled before it: by whom, and to how many. How many are left is
        -- counted from the enrolments themselves.
        CREATE TABLE protocol_changes (
            version_id  uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            enrolled    integer NOT NULL CHECK (enrolled >= 0),
            begun_at    timestamptz NOT NULL,
            FOREIGN KEY (version_id, provider_id) REFERENCES care_protocol_versions (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {enable("protocol_changes")}
        GRANT SELECT, INSERT ON protocol_changes TO survey_staff;
        CREATE POLICY staff_reads ON protocol_changes FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff ON protocol_changes FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND staff_id = {_ACTOR} AND is_manager_now());
        GRANT SELECT ON protocol_changes TO survey_worker;
        CREATE POLICY worker ON protocol_changes FOR SELECT TO survey_worker USING ({PROVIDER});

        -- A look at what publishing would do to many: a manager's last of each protocol, found by the worker portion by
        -- portion. ``enrolled_as`` says who was enrolled, and how, when it began. Ids, codes and times; no answer.
        CREATE TABLE protocol_previews (
            id          uuid PRIMARY KEY,
            protocol_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            seen        text NOT NULL CHECK (seen <> ''),
            definition  jsonb NOT NULL,
            enrolled_as text NOT NULL,
            portions    integer NOT NULL CHECK (portions >= 1),
            begun_at    timestamptz NOT NULL,
            UNIQUE (protocol_id, staff_id),
            UNIQUE (id, provider_id, staff_id),
            FOREIGN KEY (protocol_id, provider_id) REFERENCES care_protocols (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {enable("protocol_previews")}
        GRANT SELECT, INSERT, DELETE ON protocol_previews TO survey_staff;
        CREATE POLICY staff ON protocol_previews TO survey_staff
            USING ({PROVIDER} AND staff_id = {_ACTOR})
            WITH CHECK ({PROVIDER} AND staff_id = {_ACTOR} AND is_manager_now());
        GRANT SELECT ON protocol_previews TO survey_worker;
        CREATE POLICY worker ON protocol_previews FOR SELECT TO survey_worker USING ({PROVIDER});

        CREATE TABLE protocol_preview_portions (
            preview_id  uuid NOT NULL,
            first_id    uuid NOT NULL,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            units       jsonb NOT NULL,
            changes     jsonb NOT NULL,
            PRIMARY KEY (preview_id, first_id),
            FOREIGN KEY (preview_id, provider_id, staff_id)
                REFERENCES protocol_previews (id, provider_id, staff_id) ON DELETE CASCADE
        );
        {enable("protocol_preview_portions")}
        GRANT SELECT ON protocol_preview_portions TO survey_staff;
        CREATE POLICY staff ON protocol_preview_portions FOR SELECT TO survey_staff
            USING ({PROVIDER} AND staff_id = {_ACTOR});
        GRANT SELECT, INSERT ON protocol_preview_portions TO survey_worker;
        CREATE POLICY worker ON protocol_preview_portions TO survey_worker
            USING ({PROVIDER}) WITH CHECK ({PROVIDER});
    """)


def downgrade() -> None:
    op.execute("""
        DROP TABLE protocol_preview_portions, protocol_previews, protocol_changes, protocol_drafts;
        DROP INDEX enrolments_protocol_version_id_idx;
        DROP POLICY staff_makes ON care_protocols;
        DROP POLICY staff_publishes ON care_protocol_versions;
        REVOKE INSERT ON care_protocols, care_protocol_versions FROM survey_staff;
        ALTER TABLE care_protocol_versions DROP COLUMN published_by;
        DROP FUNCTION is_manager_now;
    """)
