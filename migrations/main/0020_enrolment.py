"""Enrolments change with events; record systems order; one answer for two orders; a tablet in the waiting room."""

from alembic import op

from migrations.row_security import ACTOR, PROVIDER, enable, protect

revision = "main_0020"
down_revision = "main_0019"

_TABLET = "nullif(current_setting('app.occasion', true), '')::uuid"
# What a tablet in the waiting room may see: one occasion's rows, by the column that names it.
_OF_ONE_OCCASION = {
    "occasions": "id",
    "tasks": "occasion_id",
    "sessions": "occasion_id",
    "notices_given": "occasion_id",
}
# Rows of a patient that hang on a session, which the policy of the sessions has judged.
_OF_ONE_SESSION = ("answers", "responses")
# What is none of a tablet's business. (The care relation it may read: the age decides what seems implausible.)
_NOT_ON_A_TABLET = ("messages", "dispatches", "dispatch_attempts", "task_links")


def upgrade() -> None:
    _events()
    _record_systems()
    _together()
    _sharing()
    _handovers()
    _tablets()
    _deaths()


def _events() -> None:
    op.execute("""
        -- Where an enrolment stands, when and with which unit never changes without an event that says who and why.
        CREATE FUNCTION refuse_silent_change_of_enrolment() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM enrolment_events e
                WHERE e.enrolment_id = NEW.id AND e.xmin::text::bigint = pg_current_xact_id()::text::bigint % 4294967296
            ) THEN
                RAISE EXCEPTION 'an enrolment changes with an event'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolments_change_with_event';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_silent_change_of_enrolment FROM PUBLIC;
        CREATE CONSTRAINT TRIGGER refuse_silent_change_of_enrolment AFTER UPDATE ON enrolments
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN ((OLD.state, OLD.anchor_date, OLD.unit_id, OLD.side, OLD.procedure_id)
                IS DISTINCT FROM (NEW.state, NEW.anchor_date, NEW.unit_id, NEW.side, NEW.procedure_id))
            EXECUTE FUNCTION refuse_silent_change_of_enrolment();
    """)


def _record_systems() -> None:
    op.execute("""
        -- An order is a person's or a record system's: one of them answers for it.
        ALTER TABLE enrolments
            ALTER COLUMN ordered_by DROP NOT NULL,
            ADD COLUMN ordered_by_system uuid,
            ADD CONSTRAINT enrolments_ordered CHECK (num_nonnulls(ordered_by, ordered_by_system) = 1),
            ADD FOREIGN KEY (ordered_by_system, provider_id) REFERENCES record_systems (id, provider_id);
        ALTER TABLE enrolment_events
            ALTER COLUMN staff_id DROP NOT NULL,
            ADD COLUMN record_system_id uuid,
            ADD CONSTRAINT enrolment_events_by CHECK (num_nonnulls(staff_id, record_system_id) = 1),
            ADD FOREIGN KEY (record_system_id, provider_id) REFERENCES record_systems (id, provider_id);

        GRANT SELECT ON care_protocols, care_protocol_versions, enrolment_events, wording_decisions, licences,
            licence_withdrawals TO survey_record_system;
        GRANT INSERT ON patients, enrolments, enrolment_events, occasions, tasks TO survey_record_system;
        GRANT UPDATE (identity_number_sealed, name_sealed, email_sealed, phone_sealed, locale) ON patients
            TO survey_record_system;
        GRANT UPDATE (anchor_date, procedure_id, side, state) ON enrolments TO survey_record_system;
        GRANT UPDATE (titles, reasons, opens_at, due_at, closes_at, reminds_at, withdrawn_at, withdrawn_reason)
            ON occasions TO survey_record_system;
        GRANT EXECUTE ON FUNCTION find_or_create_person, licensed_locales TO survey_record_system;
    """)
    op.execute(f"""
        CREATE POLICY record_system ON licences FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system ON licence_withdrawals FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system ON care_protocols FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system ON care_protocol_versions FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system ON enrolment_events FOR SELECT TO survey_record_system USING ({PROVIDER});
        CREATE POLICY record_system_tells ON enrolment_events FOR INSERT TO survey_record_system
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "record_system_id")});
        CREATE POLICY record_system_orders ON enrolments FOR INSERT TO survey_record_system
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "ordered_by_system")});
        CREATE POLICY record_system_moves ON enrolments FOR UPDATE TO survey_record_system
            USING ({PROVIDER}) WITH CHECK ({PROVIDER});
        CREATE POLICY record_system_enters ON patients FOR INSERT TO survey_record_system WITH CHECK ({PROVIDER});
        CREATE POLICY record_system_corrects ON patients FOR UPDATE TO survey_record_system
            USING ({PROVIDER}) WITH CHECK ({PROVIDER});
        CREATE POLICY record_system_orders ON occasions FOR INSERT TO survey_record_system WITH CHECK ({PROVIDER});
        CREATE POLICY record_system_moves ON occasions FOR UPDATE TO survey_record_system
            USING ({PROVIDER}) WITH CHECK ({PROVIDER});
        CREATE POLICY record_system_orders ON tasks FOR INSERT TO survey_record_system WITH CHECK ({PROVIDER});
    """)


def _together() -> None:
    op.execute(f"""
        -- Two orders of one provider for the same, asked once: the later task is answered by the earlier. The keys say
        -- that both are of one person, one provider, one instrument, version and form.
        ALTER TABLE tasks ADD CONSTRAINT tasks_asking
            UNIQUE (id, provider_id, person_id, instrument, instrument_version, form);
        CREATE TABLE task_links (
            task_id            uuid PRIMARY KEY,
            served_by          uuid NOT NULL CHECK (served_by <> task_id),
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            instrument         text NOT NULL,
            instrument_version text NOT NULL,
            form               text NOT NULL,
            made_at            timestamptz NOT NULL,
            FOREIGN KEY (task_id, provider_id, person_id, instrument, instrument_version, form)
                REFERENCES tasks (id, provider_id, person_id, instrument, instrument_version, form),
            FOREIGN KEY (served_by, provider_id, person_id, instrument, instrument_version, form)
                REFERENCES tasks (id, provider_id, person_id, instrument, instrument_version, form)
        );
        CREATE INDEX ON task_links (served_by);
        {protect("task_links", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}
        GRANT SELECT, INSERT ON task_links TO survey_record_system;
        CREATE POLICY record_system ON task_links TO survey_record_system USING ({PROVIDER}) WITH CHECK ({PROVIDER});

        -- No chains: whose answer counts is seen at one glance. Nor of two sides: a left knee answers for no right one.
        CREATE FUNCTION refuse_link_that_misleads() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            sides integer;
        BEGIN
            IF EXISTS (SELECT FROM task_links WHERE task_id = NEW.served_by OR served_by = NEW.task_id) THEN
                RAISE EXCEPTION 'what is served serves nothing'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'task_links_no_chain';
            END IF;
            SELECT count(DISTINCT coalesce(e.side, '')) INTO sides
                FROM tasks t JOIN occasions o ON o.id = t.occasion_id JOIN enrolments e ON e.id = o.enrolment_id
                WHERE t.id IN (NEW.task_id, NEW.served_by);
            IF sides <> 1 THEN
                RAISE EXCEPTION 'one side answers for no other'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'task_links_one_side';
            END IF;
            IF EXISTS (SELECT FROM sessions WHERE task_id = NEW.task_id) THEN
                RAISE EXCEPTION 'what has been begun is answered by itself'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'task_links_begun';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_link_that_misleads FROM PUBLIC;
        CREATE TRIGGER refuse_link_that_misleads AFTER INSERT ON task_links
            FOR EACH ROW EXECUTE FUNCTION refuse_link_that_misleads();
    """)


def _sharing() -> None:
    op.execute(f"""
        -- The same response for the other unit that asked: its own delivery, and no second response.
        CREATE TABLE shared_deliveries (
            task_id      uuid PRIMARY KEY,
            response_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            unit_id      uuid NOT NULL,
            delivered_at timestamptz NOT NULL,
            FOREIGN KEY (task_id, provider_id, person_id) REFERENCES tasks (id, provider_id, person_id),
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES deliveries (response_id, provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON shared_deliveries (unit_id, delivered_at);
        CREATE INDEX ON shared_deliveries (response_id);
        {protect("shared_deliveries", staff="SELECT, INSERT", patient="SELECT, INSERT", worker="SELECT")}
        GRANT SELECT, INSERT ON shared_deliveries TO survey_record_system;
        CREATE POLICY record_system ON shared_deliveries TO survey_record_system
            USING ({PROVIDER}) WITH CHECK ({PROVIDER});

        -- Only to the unit whose task it is, and only what answers that task, given in its window.
        CREATE FUNCTION refuse_sharing_without_link() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM task_links l JOIN sessions s ON s.task_id = l.served_by
                    JOIN responses r ON r.session_id = s.id
                    JOIN tasks t ON t.id = l.task_id JOIN occasions o ON o.id = t.occasion_id
                WHERE l.task_id = NEW.task_id AND r.id = NEW.response_id AND o.unit_id = NEW.unit_id
                  AND r.completed_at >= o.opens_at AND r.completed_at < o.closes_at
            ) THEN
                RAISE EXCEPTION 'this response answers no task of the unit'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'shared_deliveries_linked';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_sharing_without_link FROM PUBLIC;
        CREATE TRIGGER refuse_sharing_without_link AFTER INSERT ON shared_deliveries
            FOR EACH ROW EXECUTE FUNCTION refuse_sharing_without_link();

        -- The tasks that another order has answered, or is about to: it stands, its window is open or to come, and it
        -- is under way or begun. What is paused, over or answered outside the window answers for nothing.
        CREATE FUNCTION answered_by_others(p_tasks uuid[], p_moment timestamptz) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT task_id FROM shared_deliveries WHERE task_id = ANY (p_tasks)
            UNION
            SELECT l.task_id FROM task_links l
                JOIN tasks t ON t.id = l.task_id JOIN occasions mine ON mine.id = t.occasion_id
                JOIN tasks t2 ON t2.id = l.served_by JOIN occasions o ON o.id = t2.occasion_id
                JOIN enrolments e ON e.id = o.enrolment_id
                LEFT JOIN sessions s ON s.task_id = l.served_by LEFT JOIN responses r ON r.session_id = s.id
            WHERE l.task_id = ANY (p_tasks) AND o.withdrawn_at IS NULL AND r.id IS NULL
              AND o.closes_at > p_moment AND o.opens_at < mine.closes_at AND o.closes_at > mine.opens_at
              AND (e.state = 'active' OR (e.state <> 'voided' AND s.id IS NOT NULL));
        $$;
        REVOKE EXECUTE ON FUNCTION answered_by_others FROM PUBLIC;
        -- For those whose rows these are: a tablet in the waiting room sees no other order, but asks nothing twice.
        CREATE FUNCTION served_tasks(p_tasks uuid[], p_moment timestamptz) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT answered_by_others(array_agg(t.id), p_moment) FROM tasks t
            WHERE t.id = ANY (p_tasks)
              AND (t.provider_id = nullif(current_setting('app.provider', true), '')::uuid
                   OR t.person_id = nullif(current_setting('app.person', true), '')::uuid);
        $$;
        REVOKE EXECUTE ON FUNCTION served_tasks FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION served_tasks TO survey_staff, survey_patient, survey_worker, survey_record_system;

        CREATE FUNCTION refuse_session_that_is_served() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT answered_by_others(ARRAY[NEW.task_id], NEW.started_at)) THEN
                RAISE EXCEPTION 'this is answered by another order'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'session_is_served';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_session_that_is_served FROM PUBLIC;
        CREATE TRIGGER refuse_session_that_is_served AFTER INSERT ON sessions
            FOR EACH ROW EXECUTE FUNCTION refuse_session_that_is_served();
    """)


def _handovers() -> None:
    op.execute(f"""
        -- A tablet in the waiting room: a code that opens one occasion once, and what came of it.
        CREATE TABLE handovers (
            id           uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            occasion_id  uuid NOT NULL,
            unit_id      uuid NOT NULL,
            -- Who has seen the patient and attests who it is.
            staff_id     uuid NOT NULL,
            code_digest  bytea NOT NULL UNIQUE CHECK (length(code_digest) = 32),
            made_at      timestamptz NOT NULL,
            expires_at   timestamptz NOT NULL
                CHECK (expires_at > made_at AND expires_at <= made_at + interval '1 hour'),
            token_digest bytea UNIQUE CHECK (length(token_digest) = 32),
            taken_at     timestamptz CHECK (taken_at < expires_at),
            last_seen_at timestamptz,
            ended_at     timestamptz,
            CHECK (num_nonnulls(token_digest, taken_at, last_seen_at) IN (0, 3)),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON handovers (occasion_id);
        {enable("handovers")}
        GRANT SELECT, INSERT ON handovers TO survey_staff;
        CREATE POLICY staff_reads ON handovers FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff ON handovers FOR INSERT TO survey_staff WITH CHECK
            ({PROVIDER} AND {ACTOR.replace("actor_id", "staff_id")} AND taken_at IS NULL AND token_digest IS NULL);
        GRANT SELECT, UPDATE (token_digest, taken_at, last_seen_at, ended_at) ON handovers TO survey_gate;
        CREATE POLICY gate ON handovers TO survey_gate USING (true) WITH CHECK (true);

        CREATE FUNCTION refuse_code_used_twice() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
            IF (OLD.taken_at IS NOT NULL AND (NEW.taken_at, NEW.token_digest) IS DISTINCT FROM
                    (OLD.taken_at, OLD.token_digest)) OR (OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD) THEN
                RAISE EXCEPTION 'this code has been used'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'handovers_once';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_code_used_twice BEFORE UPDATE ON handovers
            FOR EACH ROW EXECUTE FUNCTION refuse_code_used_twice();
    """)


def _tablets() -> None:
    for table, column in _OF_ONE_OCCASION.items():
        op.execute(f"""
            CREATE POLICY tablet ON {table} AS RESTRICTIVE TO survey_patient
                USING ({_TABLET} IS NULL OR {column} = {_TABLET})
                WITH CHECK ({_TABLET} IS NULL OR {column} = {_TABLET});
        """)
    for table in _OF_ONE_SESSION:
        op.execute(f"""
            CREATE POLICY tablet ON {table} AS RESTRICTIVE TO survey_patient
                USING ({_TABLET} IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.id = session_id));
        """)
    for table in _NOT_ON_A_TABLET:
        op.execute(
            f"CREATE POLICY tablet ON {table} AS RESTRICTIVE FOR SELECT TO survey_patient USING ({_TABLET} IS NULL);"
        )


def _deaths() -> None:
    op.execute("""
        -- Whether the provider has recorded a death, and has not taken it back.
        CREATE FUNCTION is_dead(p_provider uuid, p_person uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT coalesce((
                SELECT e.kind = 'died' FROM enrolment_events e
                WHERE e.provider_id = p_provider AND e.person_id = p_person AND e.kind IN ('died', 'death_withdrawn')
                ORDER BY e.at DESC, e.id DESC LIMIT 1), false);
        $$;
        CREATE INDEX enrolment_events_of_deaths ON enrolment_events (person_id)
            WHERE kind IN ('died', 'death_withdrawn');

        -- Nobody orders for the dead. Whoever records a death holds the lock, and an order that is being written waits.
        CREATE FUNCTION refuse_enrolling_the_dead() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('death' || NEW.person_id, 0));
            IF is_dead(NEW.provider_id, NEW.person_id) THEN
                RAISE EXCEPTION 'the patient is recorded as dead'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolments_of_the_dead';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION is_dead, refuse_enrolling_the_dead FROM PUBLIC;
        CREATE TRIGGER refuse_enrolling_the_dead AFTER INSERT ON enrolments
            FOR EACH ROW EXECUTE FUNCTION refuse_enrolling_the_dead();
    """)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER refuse_enrolling_the_dead ON enrolments;
        DROP INDEX enrolment_events_of_deaths;
        DROP FUNCTION refuse_enrolling_the_dead, is_dead;
    """)
    for table in (*_OF_ONE_OCCASION, *_OF_ONE_SESSION, *_NOT_ON_A_TABLET):
        op.execute(f"DROP POLICY tablet ON {table};")
    op.execute("""
        DROP TABLE handovers;
        DROP FUNCTION refuse_code_used_twice;
        DROP TRIGGER refuse_session_that_is_served ON sessions;
        DROP FUNCTION refuse_session_that_is_served, served_tasks, answered_by_others;
        DROP TABLE shared_deliveries;
        DROP FUNCTION refuse_sharing_without_link;
        DROP TABLE task_links;
        DROP FUNCTION refuse_link_that_misleads;
        ALTER TABLE tasks DROP CONSTRAINT tasks_asking;

        DROP POLICY record_system ON licences;
        DROP POLICY record_system ON licence_withdrawals;
        DROP POLICY record_system ON care_protocols;
        DROP POLICY record_system ON care_protocol_versions;
        DROP POLICY record_system ON enrolment_events;
        DROP POLICY record_system_tells ON enrolment_events;
        DROP POLICY record_system_orders ON enrolments;
        DROP POLICY record_system_moves ON enrolments;
        DROP POLICY record_system_enters ON patients;
        DROP POLICY record_system_corrects ON patients;
        DROP POLICY record_system_orders ON occasions;
        DROP POLICY record_system_moves ON occasions;
        DROP POLICY record_system_orders ON tasks;
        REVOKE EXECUTE ON FUNCTION find_or_create_person, licensed_locales FROM survey_record_system;
        REVOKE UPDATE (titles, reasons, opens_at, due_at, closes_at, reminds_at, withdrawn_at, withdrawn_reason)
            ON occasions FROM survey_record_system;
        REVOKE UPDATE (anchor_date, procedure_id, side, state) ON enrolments FROM survey_record_system;
        REVOKE UPDATE (identity_number_sealed, name_sealed, email_sealed, phone_sealed, locale) ON patients
            FROM survey_record_system;
        REVOKE INSERT ON patients, enrolments, enrolment_events, occasions, tasks FROM survey_record_system;
        REVOKE SELECT ON care_protocols, care_protocol_versions, enrolment_events, wording_decisions, licences,
            licence_withdrawals FROM survey_record_system;
        DELETE FROM enrolment_events WHERE staff_id IS NULL;
        ALTER TABLE enrolment_events DROP COLUMN record_system_id;
        ALTER TABLE enrolment_events ALTER COLUMN staff_id SET NOT NULL;
        ALTER TABLE enrolments DROP COLUMN ordered_by_system;

        DROP TRIGGER refuse_silent_change_of_enrolment ON enrolments;
        DROP FUNCTION refuse_silent_change_of_enrolment;
    """)
