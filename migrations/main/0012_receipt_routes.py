"""Receipt by three routes, record systems, what is on its way to them, and alarms for what nobody received.

The policy comes with the occasion, from the protocol: which route may make the receipt is the database's to judge.
"""

from alembic import op

from migrations.row_security import ACTOR, PROVIDER, allow, protect

revision = "main_0012"
down_revision = "main_0011"


def upgrade() -> None:
    _policies()
    _record_systems()
    _receipts()
    _deliveries()


def _policies() -> None:
    op.execute("""
        -- What the protocol says about receipt, pinned to the occasion when it is ordered. A person of the unit who
        -- opens a response has always received it; the policy says what else counts.
        ALTER TABLE occasions
            ADD COLUMN receipt_policy text NOT NULL DEFAULT 'person'
                CHECK (receipt_policy IN ('person', 'record_system', 'archive')),
            -- Hours from the last answer until somebody is alarmed that nobody has received it.
            ADD COLUMN receipt_within_hours integer NOT NULL DEFAULT 72
                CHECK (receipt_within_hours BETWEEN 1 AND 8760),
            -- What the patient is told beforehand: hours until the answers are read; NULL is "nobody reads them".
            ADD COLUMN read_within_hours integer DEFAULT 168 CHECK (read_within_hours BETWEEN 1 AND 8760);
        ALTER TABLE deliveries
            ADD COLUMN alarm_at timestamptz,
            ADD CONSTRAINT deliveries_response_key UNIQUE (response_id, provider_id, person_id);
        UPDATE deliveries SET alarm_at = delivered_at + interval '72 hours';
        ALTER TABLE deliveries ALTER COLUMN alarm_at SET NOT NULL,
            ADD CONSTRAINT deliveries_alarm_after CHECK (alarm_at > delivered_at);
        -- Where an alarm goes: an address of the unit's own, read by its manager. An alarm names nobody.
        ALTER TABLE units ADD COLUMN alarm_email text CHECK (alarm_email LIKE '%_@_%');
        -- Units are the operator's to enter, but for this: each provider for its own.
        CREATE FUNCTION set_alarm_email(p_unit uuid, p_email text) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET alarm_email = p_email
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid;
        $$;
        REVOKE EXECUTE ON FUNCTION set_alarm_email FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_alarm_email TO survey_staff;
        CREATE INDEX deliveries_of_provider ON deliveries (provider_id, delivered_at);
        CREATE INDEX deliveries_by_alarm ON deliveries (provider_id, alarm_at);
    """)


def _record_systems() -> None:
    op.execute(f"""
        CREATE TABLE record_systems (
            id             uuid PRIMARY KEY,
            provider_id    uuid NOT NULL REFERENCES providers,
            name           text NOT NULL CHECK (name <> ''),
            state          text NOT NULL CHECK (state IN ('draft', 'active', 'paused', 'retired')),
            -- 'push': we send to base_url. 'fetch': it comes with its own token, by client_id and jwks.
            route          text NOT NULL CHECK (route IN ('push', 'fetch')),
            base_url       text CHECK (base_url ~ '^https?://[^ ]+$'),
            authentication text CHECK (authentication IN ('oauth', 'mutual_tls')),
            token_url      text CHECK (token_url ~ '^https?://[^ ]+$'),
            client_id      text CHECK (client_id <> ''),
            scope          text,
            jwks           jsonb,
            UNIQUE (id, provider_id),
            CHECK (route <> 'push' OR (base_url IS NOT NULL AND authentication IS NOT NULL)),
            CHECK (authentication IS DISTINCT FROM 'oauth' OR (token_url IS NOT NULL AND client_id IS NOT NULL)),
            CHECK (route <> 'fetch' OR (client_id IS NOT NULL AND jwks IS NOT NULL))
        );
        -- A response has one record system to go to.
        CREATE UNIQUE INDEX record_systems_one_active ON record_systems (provider_id) WHERE state = 'active';
        -- What comes to us is known by its client id; what we are called elsewhere is theirs to choose.
        CREATE UNIQUE INDEX record_systems_clients ON record_systems (client_id) WHERE route = 'fetch';
        {
        protect(
            "record_systems",
            staff="SELECT, INSERT, UPDATE",
            worker="SELECT",
            gate="SELECT",
            operator="SELECT, INSERT, UPDATE",
        )
    }

        -- Whether a completed response has anywhere to be pushed to: all that a patient's commit needs to know of it.
        CREATE FUNCTION pushes_to_record_system(p_provider uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM record_systems WHERE provider_id = p_provider AND state = 'active' AND route = 'push'
            );
        $$;
        REVOKE EXECUTE ON FUNCTION pushes_to_record_system FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION pushes_to_record_system TO survey_patient;

        -- A record system that comes to fetch acts for its provider, and only through these grants.
        GRANT USAGE ON SCHEMA public, jobs TO survey_record_system;
        GRANT EXECUTE ON FUNCTION jobs.procrastinate_defer_jobs_v1 TO survey_record_system;
        GRANT SELECT ON providers, units, deliveries, responses, sessions, answers, scores, receipts, occasions,
            enrolments, tasks, patients, wordings, record_systems TO survey_record_system;
        GRANT INSERT ON receipts, audit_events TO survey_record_system;
    """)
    for table in (
        "deliveries", "responses", "sessions", "answers", "scores", "receipts", "occasions", "enrolments", "tasks",
        "patients", "record_systems",
    ):  # fmt: skip
        op.execute(f"CREATE POLICY record_system ON {table} FOR SELECT TO survey_record_system USING ({PROVIDER});")
    op.execute(f"""
        ALTER TABLE audit_events
            DROP CONSTRAINT audit_events_actor_kind_check,
            ADD CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN
                ('gate', 'staff', 'patient', 'translator', 'register', 'record_system', 'system', 'operator'));
        CREATE POLICY record_system ON audit_events FOR INSERT TO survey_record_system
            WITH CHECK (actor_kind = 'record_system' AND {ACTOR} AND {PROVIDER});
    """)


def _receipts() -> None:
    op.execute(f"""
        ALTER TABLE receipts
            ALTER COLUMN staff_id DROP NOT NULL,
            ADD COLUMN record_system_id uuid,
            -- The record system's own id for what it took in.
            ADD COLUMN external_id text CHECK (external_id <> ''),
            DROP CONSTRAINT receipts_route_check,
            ADD CONSTRAINT receipts_route_check CHECK
                (route IN ('opened_by_person', 'confirmed_in_bulk', 'acknowledged_by_record_system',
                           'taken_into_archive')),
            ADD CONSTRAINT receipts_by_person CHECK
                ((route IN ('opened_by_person', 'confirmed_in_bulk')) = (staff_id IS NOT NULL)),
            ADD CONSTRAINT receipts_by_record_system CHECK
                ((route = 'acknowledged_by_record_system') = (record_system_id IS NOT NULL)),
            ADD CONSTRAINT receipts_acknowledgement CHECK
                ((route = 'acknowledged_by_record_system') = (external_id IS NOT NULL)),
            ADD CONSTRAINT receipts_record_system FOREIGN KEY (record_system_id, provider_id)
                REFERENCES record_systems (id, provider_id);

        -- Each role makes the receipts that are its to make, and no others.
        DROP POLICY staff ON receipts;
        CREATE POLICY staff ON receipts FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff_receives ON receipts FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "staff_id")});
        GRANT INSERT ON receipts TO survey_worker;
        DROP POLICY worker ON receipts;
        CREATE POLICY worker ON receipts FOR SELECT TO survey_worker USING ({PROVIDER});
        CREATE POLICY worker_receives ON receipts FOR INSERT TO survey_worker
            WITH CHECK ({PROVIDER} AND route IN ('acknowledged_by_record_system', 'taken_into_archive'));
        CREATE POLICY record_system_receives ON receipts FOR INSERT TO survey_record_system
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "record_system_id")});

        -- After the row, so that row-level security has spoken first. Which routes count is what the protocol said.
        CREATE FUNCTION refuse_receipt_against_policy() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            policy text;
        BEGIN
            IF NEW.staff_id IS NOT NULL THEN
                RETURN NEW;
            END IF;
            SELECT o.receipt_policy INTO policy
                FROM responses r JOIN sessions s ON s.id = r.session_id JOIN occasions o ON o.id = s.occasion_id
                WHERE r.id = NEW.response_id;
            IF (NEW.route = 'taken_into_archive') <> (policy = 'archive') OR policy = 'person' THEN
                RAISE EXCEPTION 'this route makes no receipt under the protocol''s policy'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'receipts_policy';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_receipt_against_policy FROM PUBLIC;
        CREATE TRIGGER refuse_receipt_against_policy AFTER INSERT ON receipts
            FOR EACH ROW EXECUTE FUNCTION refuse_receipt_against_policy();
    """)


def _deliveries() -> None:
    op.execute(f"""
        -- What is on its way to a record system: one row a response, made by the worker before the first attempt, so
        -- that every attempt carries the same key.
        CREATE TABLE pushes (
            response_id      uuid PRIMARY KEY,
            provider_id      uuid NOT NULL,
            person_id        uuid NOT NULL,
            record_system_id uuid NOT NULL,
            idempotency_key  uuid NOT NULL UNIQUE,
            begun_at         timestamptz NOT NULL,
            deadline_at      timestamptz NOT NULL CHECK (deadline_at > begun_at),
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES deliveries (response_id, provider_id, person_id),
            FOREIGN KEY (record_system_id, provider_id) REFERENCES record_systems (id, provider_id)
        );
        {protect("pushes", staff="SELECT", worker="SELECT, INSERT")}

        -- Every attempt and every acknowledgement, the repeated ones too. Append-only.
        CREATE TABLE delivery_attempts (
            id               uuid PRIMARY KEY,
            response_id      uuid NOT NULL,
            provider_id      uuid NOT NULL,
            person_id        uuid NOT NULL,
            record_system_id uuid NOT NULL,
            at               timestamptz NOT NULL,
            outcome          text NOT NULL CHECK (outcome IN
                ('acknowledged', 'acknowledged_again', 'accepted', 'temporary', 'refused')),
            http_status      integer CHECK (http_status BETWEEN 100 AND 599),
            external_id      text,
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES deliveries (response_id, provider_id, person_id),
            FOREIGN KEY (record_system_id, provider_id) REFERENCES record_systems (id, provider_id)
        );
        CREATE INDEX ON delivery_attempts (response_id, at);
        {protect("delivery_attempts", staff="SELECT", worker="SELECT, INSERT")}
        GRANT SELECT, INSERT ON delivery_attempts TO survey_record_system;
        CREATE POLICY record_system_reads ON delivery_attempts FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system ON delivery_attempts FOR INSERT TO survey_record_system
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "record_system_id")});

        -- Raised once; over when there is a receipt.
        CREATE TABLE delivery_alarms (
            response_id uuid NOT NULL,
            kind        text NOT NULL CHECK (kind IN ('not_received', 'push_failed')),
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            unit_id     uuid NOT NULL,
            raised_at   timestamptz NOT NULL,
            PRIMARY KEY (response_id, kind),
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES deliveries (response_id, provider_id, person_id, unit_id)
        );
        {protect("delivery_alarms", staff="SELECT", worker="SELECT, INSERT")}

        -- For the operator: how much nobody has received, and how old. Counts by unit; no person, no response.
        CREATE FUNCTION unreceived_by_unit(p_at timestamptz)
        RETURNS TABLE (provider_id uuid, unit_id uuid, waiting bigint, alarmed bigint, oldest timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT d.provider_id, d.unit_id, count(*), count(*) FILTER (WHERE d.alarm_at <= p_at), min(d.delivered_at)
            FROM deliveries d
            WHERE NOT EXISTS (SELECT FROM receipts r WHERE r.response_id = d.response_id)
            GROUP BY d.provider_id, d.unit_id;
        $$;
        REVOKE EXECUTE ON FUNCTION unreceived_by_unit FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION unreceived_by_unit TO survey_operator;
    """)


def downgrade() -> None:
    op.execute(f"""
        DROP FUNCTION unreceived_by_unit;
        DROP TABLE delivery_alarms, delivery_attempts, pushes;
        DROP TRIGGER refuse_receipt_against_policy ON receipts;
        DROP FUNCTION refuse_receipt_against_policy;
        DROP POLICY record_system_receives ON receipts;
        DROP POLICY worker_receives ON receipts;
        DROP POLICY worker ON receipts;
        DROP POLICY staff_receives ON receipts;
        DROP POLICY staff ON receipts;
        REVOKE ALL ON receipts FROM survey_staff, survey_worker;
        {allow("receipts", staff="SELECT, INSERT", worker="SELECT")}
        DO $$ BEGIN
            IF EXISTS (SELECT FROM receipts WHERE route <> 'opened_by_person') THEN
                RAISE EXCEPTION 'receipts by other routes than opening are there: they cannot be told in the old shape';
            END IF;
        END $$;
        ALTER TABLE receipts
            DROP CONSTRAINT receipts_record_system, DROP CONSTRAINT receipts_acknowledgement,
            DROP CONSTRAINT receipts_by_record_system, DROP CONSTRAINT receipts_by_person,
            DROP CONSTRAINT receipts_route_check,
            ADD CONSTRAINT receipts_route_check CHECK (route IN ('opened_by_person')),
            DROP COLUMN external_id, DROP COLUMN record_system_id, ALTER COLUMN staff_id SET NOT NULL;
        DROP POLICY record_system ON audit_events;
        UPDATE audit_events SET actor_kind = 'system' WHERE actor_kind = 'record_system';
        ALTER TABLE audit_events
            DROP CONSTRAINT audit_events_actor_kind_check,
            ADD CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN
                ('gate', 'staff', 'patient', 'translator', 'register', 'system', 'operator'));
    """)
    for table in (
        "deliveries", "responses", "sessions", "answers", "scores", "receipts", "occasions", "enrolments", "tasks",
        "patients",
    ):  # fmt: skip
        op.execute(f"DROP POLICY record_system ON {table};")
    op.execute("""
        DROP FUNCTION pushes_to_record_system;
        DROP TABLE record_systems;
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM survey_record_system;
        REVOKE EXECUTE ON FUNCTION jobs.procrastinate_defer_jobs_v1 FROM survey_record_system;
        REVOKE USAGE ON SCHEMA public, jobs FROM survey_record_system;
        DROP FUNCTION set_alarm_email;
        DROP INDEX deliveries_of_provider;
        DROP INDEX deliveries_by_alarm;
        ALTER TABLE units DROP COLUMN alarm_email;
        ALTER TABLE deliveries DROP CONSTRAINT deliveries_alarm_after, DROP CONSTRAINT deliveries_response_key,
            DROP COLUMN alarm_at;
        ALTER TABLE occasions DROP COLUMN read_within_hours, DROP COLUMN receipt_within_hours,
            DROP COLUMN receipt_policy;
    """)
