"""Corrections of received responses: what changed, why, by whom; the first version stays. And what seems implausible.

A version is written whole in one transaction and never added to. With its commit, and not when a job has run, every
register loses sight of what it corrects: the releases are set aside until the worker has said so in the feeds.
"""

from alembic import op

from migrations.row_security import ACTOR, PROVIDER, allow, enable, protect

revision = "main_0014"
down_revision = "main_0013"


def upgrade() -> None:
    _versions()
    _version_guard()
    _set_aside()
    _flags()


def _versions() -> None:
    op.execute(f"""
        CREATE TABLE response_versions (
            response_id        uuid NOT NULL,
            version            integer NOT NULL CHECK (version >= 2),
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            kind               text NOT NULL CHECK (kind IN ('corrected', 'voided')),
            reason             text NOT NULL
                CHECK (reason IN ('slip', 'wrong_patient', 'answered_by_another', 'other')),
            -- What the unit wrote beside the reason, sealed under the person's key.
            explanation_sealed bytea,
            staff_id           uuid NOT NULL,
            -- The form's own number: sent twice, it is one version.
            request_id         uuid NOT NULL,
            at                 timestamptz NOT NULL,
            PRIMARY KEY (response_id, version),
            UNIQUE (response_id, request_id),
            UNIQUE (response_id, version, provider_id, person_id),
            CHECK (reason <> 'other' OR explanation_sealed IS NOT NULL),
            -- Only what care has received can be corrected.
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES receipts (response_id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        {enable("response_versions")}
        {allow("response_versions", patient="SELECT", worker="SELECT")}
        GRANT SELECT, INSERT ON response_versions TO survey_staff;
        CREATE POLICY staff ON response_versions FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff_corrects ON response_versions FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "staff_id")});

        CREATE TABLE corrected_answers (
            response_id  uuid NOT NULL,
            version      integer NOT NULL,
            item_id      text NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            kind         text NOT NULL CHECK (kind IN ('value', 'skipped', 'not_applicable')),
            value_sealed bytea,
            PRIMARY KEY (response_id, version, item_id),
            CHECK ((kind = 'value') = (value_sealed IS NOT NULL)),
            FOREIGN KEY (response_id, version, provider_id, person_id)
                REFERENCES response_versions (response_id, version, provider_id, person_id)
        );
        {protect("corrected_answers", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}

        CREATE TABLE corrected_scores (
            response_id    uuid NOT NULL,
            version        integer NOT NULL,
            variable       text NOT NULL,
            provider_id    uuid NOT NULL,
            person_id      uuid NOT NULL,
            value          double precision CHECK (value = value AND abs(value) < 'Infinity'),
            text           text,
            standard_error double precision CHECK (standard_error >= 0 AND standard_error < 'Infinity'),
            missing_reason text,
            method         text NOT NULL,
            method_hash    text NOT NULL,
            algorithm      text NOT NULL,
            PRIMARY KEY (response_id, version, variable),
            CHECK (num_nonnulls(value, text, missing_reason) >= 1),
            CHECK (missing_reason IS NULL OR value IS NULL),
            FOREIGN KEY (response_id, version, provider_id, person_id)
                REFERENCES response_versions (response_id, version, provider_id, person_id)
        );
        {protect("corrected_scores", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}
    """)
    for table in ("response_versions", "corrected_answers", "corrected_scores"):
        op.execute(f"""
            GRANT SELECT ON {table} TO survey_record_system;
            CREATE POLICY record_system ON {table} FOR SELECT TO survey_record_system USING ({PROVIDER});
        """)


def _version_guard() -> None:
    op.execute("""
        -- After the row, so that row-level security has spoken first. The lock puts versions and releases of one
        -- response after each other; the statements behind it see what the one before has committed.
        CREATE FUNCTION refuse_version() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            why text;
        BEGIN
            PERFORM FROM responses WHERE id = NEW.response_id FOR NO KEY UPDATE;
            why := CASE
                WHEN NOT EXISTS (
                    SELECT FROM deliveries d JOIN commissions c ON c.unit_id = d.unit_id
                    WHERE d.response_id = NEW.response_id AND c.staff_id = NEW.staff_id
                      AND c.valid_from <= NEW.at AND (c.valid_until IS NULL OR c.valid_until > NEW.at))
                    THEN 'by_the_unit'
                WHEN EXISTS (SELECT FROM response_versions WHERE response_id = NEW.response_id AND kind = 'voided'
                             AND version <> NEW.version)
                    THEN 'after_voiding'
                WHEN NEW.version <> 2 + (SELECT count(*) FROM response_versions
                                         WHERE response_id = NEW.response_id AND version <> NEW.version)
                    THEN 'in_order'
            END;
            IF why IS NOT NULL THEN
                RAISE EXCEPTION 'this is no next version: %', why
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'response_versions_' || why;
            END IF;
            INSERT INTO releases_set_aside (release_id, response_id, provider_id, person_id, register_id, reference,
                                            set_aside_at)
                SELECT id, response_id, provider_id, person_id, register_id, reference, NEW.at
                FROM releases WHERE response_id = NEW.response_id;
            DELETE FROM releases WHERE response_id = NEW.response_id;
            RETURN NEW;
        END $$;

        -- A version is written in one piece: what it says can never be added to.
        CREATE FUNCTION refuse_late_part() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM response_versions
                WHERE response_id = NEW.response_id AND version = NEW.version AND kind = 'corrected'
                  AND xmin = pg_current_xact_id()::xid) THEN
                RAISE EXCEPTION 'this version is written already'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'response_versions_in_one_piece';
            END IF;
            RETURN NEW;
        END $$;

        -- A release tells the version that stands. Another transaction got in the way: done again, it will fit.
        CREATE FUNCTION refuse_release_of_old_version() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM FROM responses WHERE id = NEW.response_id FOR SHARE;
            IF EXISTS (SELECT FROM response_versions WHERE response_id = NEW.response_id AND kind = 'voided')
               OR NEW.version <> 1 + (SELECT count(*) FROM response_versions WHERE response_id = NEW.response_id) THEN
                RAISE EXCEPTION 'another version stands'
                    USING ERRCODE = 'serialization_failure', CONSTRAINT = 'releases_version_that_stands';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_version, refuse_late_part, refuse_release_of_old_version FROM PUBLIC;
        CREATE TRIGGER refuse_version AFTER INSERT ON response_versions
            FOR EACH ROW EXECUTE FUNCTION refuse_version();
        CREATE TRIGGER refuse_late_part AFTER INSERT ON corrected_answers
            FOR EACH ROW EXECUTE FUNCTION refuse_late_part();
        CREATE TRIGGER refuse_late_part AFTER INSERT ON corrected_scores
            FOR EACH ROW EXECUTE FUNCTION refuse_late_part();
        CREATE TRIGGER refuse_release_of_old_version AFTER INSERT ON releases
            FOR EACH ROW EXECUTE FUNCTION refuse_release_of_old_version();
    """)


def _set_aside() -> None:
    op.execute(f"""
        -- What registers were given and may no longer see, until the feed has said what became of it.
        CREATE TABLE releases_set_aside (
            release_id   uuid PRIMARY KEY,
            response_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            register_id  uuid NOT NULL REFERENCES registers,
            reference    uuid NOT NULL,
            set_aside_at timestamptz NOT NULL,
            UNIQUE (response_id, register_id),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id)
        );
        {protect("releases_set_aside", staff="SELECT", worker="SELECT, DELETE")}

        -- Nothing takes its place: a tombstone in the feed and, unless only the agreement has ended, an order to erase.
        CREATE FUNCTION withdraw_set_aside(p_release uuid, p_order uuid, p_reason text, p_at timestamptz)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            gone releases_set_aside;
        BEGIN
            DELETE FROM releases_set_aside WHERE release_id = p_release AND {PROVIDER} RETURNING * INTO gone;
            IF gone.release_id IS NULL THEN
                RAISE EXCEPTION 'no such release at this provider' USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM append_entry(gone.register_id, 'withdrawn', gone.release_id, NULL, NULL);
            IF p_reason IS NOT NULL THEN
                INSERT INTO erasure_orders (id, register_id, person_id, releases, reason, ordered_at)
                    VALUES (p_order, gone.register_id, gone.person_id, ARRAY[gone.release_id], p_reason, p_at);
                PERFORM append_entry(gone.register_id, 'erasure', NULL, NULL, p_order);
            END IF;
        END $$;
        -- Whether the person has said no: the worker learns this of a release that it has to account for, no other.
        CREATE FUNCTION objected_to_set_aside(p_release uuid)
        RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT coalesce((
                SELECT c.objected FROM releases_set_aside s JOIN register_choices c USING (person_id, register_id)
                WHERE s.release_id = p_release AND s.{PROVIDER}), false);
        $$;
        REVOKE EXECUTE ON FUNCTION withdraw_set_aside, objected_to_set_aside FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION withdraw_set_aside, objected_to_set_aside TO survey_worker;
    """)


def _flags() -> None:
    op.execute(f"""
        -- What seemed implausible when the version was made, by the id of the rule: the unit and the registers see the
        -- same. It blocks nothing.
        CREATE TABLE response_flags (
            response_id uuid NOT NULL,
            version     integer NOT NULL CHECK (version >= 1),
            rule        text NOT NULL CHECK (rule ~ '^[a-z0-9_]+$'),
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            PRIMARY KEY (response_id, version, rule),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id)
        );
        {protect("response_flags", staff="SELECT, INSERT", patient="SELECT, INSERT", worker="SELECT, INSERT")}
        GRANT SELECT ON response_flags TO survey_record_system;
        CREATE POLICY record_system ON response_flags FOR SELECT TO survey_record_system USING ({PROVIDER});
    """)


def downgrade() -> None:
    # Without their versions, corrected answers would pass for the patient's own, and voided ones for valid.
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM response_versions) THEN
                RAISE EXCEPTION 'there are corrections: they cannot be told in the old shape';
            END IF;
        END $$;
        DROP TRIGGER refuse_release_of_old_version ON releases;
        DROP TABLE response_flags;
        DROP FUNCTION withdraw_set_aside, objected_to_set_aside;
        DROP TABLE releases_set_aside, corrected_scores, corrected_answers, response_versions;
        DROP FUNCTION refuse_release_of_old_version, refuse_late_part, refuse_version;
    """)
