"""The unit's worklist: its own flags, hand-overs, notes, reminders, reasons for no answer, and answers from paper."""

from alembic import op

from migrations.row_security import PROVIDER, protect

revision = "main_0021"
down_revision = "main_0020"

_BY_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"


def upgrade() -> None:
    _flag_rules()
    _flags()
    _entries()
    _care()
    _reminders()
    _paper()


def _flag_rules() -> None:
    op.execute(f"""
        -- What the unit wants to be shown first. A changed rule is another version; one that is over says 'retired'.
        CREATE TABLE unit_flag_rules (
            id          uuid PRIMARY KEY,
            rule_id     uuid NOT NULL,
            version     integer NOT NULL CHECK (version >= 1),
            provider_id uuid NOT NULL,
            unit_id     uuid NOT NULL,
            state       text NOT NULL CHECK (state IN ('active', 'retired')),
            kind        text NOT NULL CHECK (kind IN ('threshold', 'answer', 'worsening')),
            instrument  text NOT NULL CHECK (instrument <> ''),
            variable    text CHECK (variable <> ''),
            item_id     text CHECK (item_id <> ''),
            bound       text CHECK (bound IN ('at_most', 'at_least')),
            limit_value double precision CHECK (abs(limit_value) < 'Infinity'),
            reason      text NOT NULL CHECK (reason <> ''),
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            UNIQUE (rule_id, version),
            UNIQUE (id, provider_id, unit_id),
            CHECK ((kind = 'answer') = (item_id IS NOT NULL)),
            CHECK ((kind = 'answer') = (variable IS NULL)),
            CHECK ((kind = 'worsening') = (bound IS NULL)),
            CHECK ((bound IS NULL) = (limit_value IS NULL)),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON unit_flag_rules (unit_id, rule_id, version);
        {protect("unit_flag_rules", worker="SELECT")}
        GRANT SELECT, INSERT ON unit_flag_rules TO survey_staff;
        CREATE POLICY staff_reads ON unit_flag_rules FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff ON unit_flag_rules FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});

        CREATE FUNCTION refuse_flag_rule() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            before unit_flag_rules;
        BEGIN
            IF NOT EXISTS (
                SELECT FROM commissions c
                WHERE c.staff_id = NEW.staff_id AND c.unit_id = NEW.unit_id AND c.role = 'unit_manager'
                  AND c.valid_from <= NEW.at AND (c.valid_until IS NULL OR c.valid_until > NEW.at)) THEN
                RAISE EXCEPTION 'only the manager of a unit sets its flags'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_flag_rules_by_manager';
            END IF;
            SELECT * INTO before FROM unit_flag_rules WHERE rule_id = NEW.rule_id AND id <> NEW.id
                ORDER BY version DESC LIMIT 1;
            IF NEW.version <> 1 + coalesce(before.version, 0) OR before.unit_id <> NEW.unit_id THEN
                RAISE EXCEPTION 'this is no next version of the rule'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_flag_rules_in_order';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_flag_rule FROM PUBLIC;
        CREATE TRIGGER refuse_flag_rule AFTER INSERT ON unit_flag_rules
            FOR EACH ROW EXECUTE FUNCTION refuse_flag_rule();

        -- Whether a completed response has to be looked at by rules: all that a patient's commit needs to know of them.
        CREATE FUNCTION unit_has_flag_rules(p_unit uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (SELECT FROM unit_flag_rules WHERE unit_id = p_unit);
        $$;
        REVOKE EXECUTE ON FUNCTION unit_has_flag_rules FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION unit_has_flag_rules TO survey_patient, survey_staff, survey_worker;
        GRANT EXECUTE ON FUNCTION pushes_to_record_system TO survey_staff;

        -- Within so many hours somebody is to have assessed what is flagged.
        ALTER TABLE units ADD COLUMN flag_hours integer NOT NULL DEFAULT 24 CHECK (flag_hours BETWEEN 1 AND 720);
        CREATE FUNCTION set_flag_hours(p_unit uuid, p_hours integer) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET flag_hours = p_hours
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid
              AND EXISTS (
                  SELECT FROM commissions c
                  WHERE c.staff_id = nullif(current_setting('app.actor', true), '')::uuid AND c.unit_id = p_unit
                    AND c.role = 'unit_manager' AND c.valid_from <= now()
                    AND (c.valid_until IS NULL OR c.valid_until > now()));
        $$;
        REVOKE EXECUTE ON FUNCTION set_flag_hours FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_flag_hours TO survey_staff;
    """)


def _flags() -> None:
    op.execute(f"""
        -- Which version of a rule a version of a response met, with the figures it was judged by. Never an answer:
        -- those are sealed under the person's key. The provider's own: no register and no patient reads them.
        CREATE TABLE unit_flags (
            response_id      uuid NOT NULL,
            version          integer NOT NULL CHECK (version >= 1),
            rule_version_id  uuid NOT NULL,
            provider_id      uuid NOT NULL,
            person_id        uuid NOT NULL,
            unit_id          uuid NOT NULL,
            value            double precision,
            standard_error   double precision,
            earlier_id       uuid,
            earlier_value    double precision,
            earlier_error    double precision,
            important_change double precision,
            reliable_change  double precision,
            flagged_at       timestamptz NOT NULL,
            assess_by        timestamptz NOT NULL,
            PRIMARY KEY (response_id, version, rule_version_id),
            CHECK (num_nonnulls(earlier_id, earlier_value, important_change, reliable_change) IN (0, 4)),
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES deliveries (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (rule_version_id, provider_id, unit_id) REFERENCES unit_flag_rules (id, provider_id, unit_id),
            FOREIGN KEY (earlier_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id)
        );
        CREATE INDEX ON unit_flags (provider_id, assess_by);
        {protect("unit_flags", staff="SELECT", worker="SELECT, INSERT")}

        ALTER TABLE delivery_alarms DROP CONSTRAINT delivery_alarms_kind_check;
        ALTER TABLE delivery_alarms ADD CONSTRAINT delivery_alarms_kind_check
            CHECK (kind IN ('not_received', 'push_failed', 'flag_not_assessed'));
    """)


def _entries() -> None:
    op.execute(f"""
        -- One row for each delivery: where it stands, derived by triggers from what is appended elsewhere, so that the
        -- worklist is an index scan however much lies behind it. Nobody writes it.
        CREATE TABLE worklist_entries (
            response_id  uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            unit_id      uuid NOT NULL,
            protocol_id  uuid NOT NULL,
            delivered_at timestamptz NOT NULL,
            received     boolean NOT NULL DEFAULT false,
            assessed     boolean NOT NULL DEFAULT false,
            flagged      boolean NOT NULL DEFAULT false,
            assigned_to  uuid,
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES deliveries (response_id, provider_id, person_id, unit_id)
        );
        INSERT INTO worklist_entries
            SELECT d.response_id, d.provider_id, d.person_id, d.unit_id, v.protocol_id, d.delivered_at,
                   EXISTS (SELECT FROM receipts r WHERE r.response_id = d.response_id),
                   EXISTS (SELECT FROM assessments a WHERE a.response_id = d.response_id), false, NULL
            FROM deliveries d JOIN responses r ON r.id = d.response_id JOIN sessions s ON s.id = r.session_id
                JOIN occasions o ON o.id = s.occasion_id JOIN enrolments e ON e.id = o.enrolment_id
                JOIN care_protocol_versions v ON v.id = e.protocol_version_id;
        CREATE INDEX worklist_all ON worklist_entries (unit_id, delivered_at);
        CREATE INDEX worklist_received ON worklist_entries (unit_id, delivered_at) WHERE received;
        CREATE INDEX worklist_unread ON worklist_entries (unit_id, delivered_at) WHERE NOT received;
        CREATE INDEX worklist_flagged ON worklist_entries (unit_id, delivered_at) WHERE flagged AND NOT assessed;
        CREATE INDEX worklist_mine ON worklist_entries (assigned_to, delivered_at) WHERE NOT assessed;
        CREATE INDEX worklist_protocol ON worklist_entries (unit_id, protocol_id, delivered_at);
        CREATE INDEX worklist_person ON worklist_entries (person_id, unit_id);
        {protect("worklist_entries", staff="SELECT", worker="SELECT")}

        CREATE FUNCTION keep_worklist_entry() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            CASE TG_TABLE_NAME
            WHEN 'deliveries' THEN
                INSERT INTO worklist_entries (response_id, provider_id, person_id, unit_id, protocol_id, delivered_at)
                    SELECT NEW.response_id, NEW.provider_id, NEW.person_id, NEW.unit_id, v.protocol_id, NEW.delivered_at
                    FROM responses r JOIN sessions s ON s.id = r.session_id JOIN occasions o ON o.id = s.occasion_id
                        JOIN enrolments e ON e.id = o.enrolment_id
                        JOIN care_protocol_versions v ON v.id = e.protocol_version_id
                    WHERE r.id = NEW.response_id;
            WHEN 'receipts' THEN
                UPDATE worklist_entries SET received = true WHERE response_id = NEW.response_id;
            WHEN 'assessments' THEN
                UPDATE worklist_entries SET assessed = true WHERE response_id = NEW.response_id;
            WHEN 'unit_flags' THEN
                UPDATE worklist_entries SET flagged = true
                WHERE response_id = NEW.response_id AND NEW.version = 1 + (
                    SELECT count(*) FROM response_versions v WHERE v.response_id = NEW.response_id);
            WHEN 'response_versions' THEN
                UPDATE worklist_entries SET flagged = false WHERE response_id = NEW.response_id;
            WHEN 'hand_overs' THEN
                UPDATE worklist_entries SET assigned_to = NEW.to_staff_id WHERE response_id = NEW.response_id;
            END CASE;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION keep_worklist_entry FROM PUBLIC;
    """)
    for table in ("deliveries", "receipts", "assessments", "unit_flags", "response_versions"):
        op.execute(f"""
            CREATE TRIGGER keep_worklist_entry AFTER INSERT ON {table}
                FOR EACH ROW EXECUTE FUNCTION keep_worklist_entry();
        """)


def _care() -> None:
    op.execute("""
        -- Who takes care of a response; NULL gives it back to the unit. The latest counts.
        CREATE TABLE hand_overs (
            id          uuid PRIMARY KEY,
            response_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            to_staff_id uuid,
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id),
            FOREIGN KEY (to_staff_id, provider_id) REFERENCES staff_members (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON hand_overs (response_id, at);

        -- What staff write to each other about a response, sealed under the person's key; and that they were in touch.
        CREATE TABLE staff_notes (
            id           uuid PRIMARY KEY,
            response_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            kind         text NOT NULL CHECK (kind IN ('comment', 'contact')),
            way          text CHECK (way IN ('telephone', 'visit', 'video', 'letter', 'message')),
            contact_at   timestamptz,
            text_sealed  bytea,
            staff_id     uuid NOT NULL,
            request_id   uuid NOT NULL UNIQUE,
            at           timestamptz NOT NULL,
            CHECK ((kind = 'contact') = (way IS NOT NULL)),
            CHECK ((kind = 'contact') = (contact_at IS NOT NULL)),
            CHECK (kind = 'contact' OR text_sealed IS NOT NULL),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON staff_notes (response_id, at);

        -- Whom the unit meets on a day, as somebody pasted the list in.
        CREATE TABLE clinic_lists (
            unit_id     uuid NOT NULL,
            day         date NOT NULL,
            person_id   uuid NOT NULL,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            at          timestamptz NOT NULL,
            PRIMARY KEY (unit_id, day, person_id),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients (provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
    """)
    for table in ("hand_overs", "staff_notes", "clinic_lists"):
        op.execute(f"""
            {protect(table, worker="SELECT")}
            GRANT SELECT, INSERT ON {table} TO survey_staff;
            CREATE POLICY staff_reads ON {table} FOR SELECT TO survey_staff USING ({PROVIDER});
            CREATE POLICY staff ON {table} FOR INSERT TO survey_staff
                WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});
        """)
    op.execute("""
        CREATE TRIGGER keep_worklist_entry AFTER INSERT ON hand_overs
            FOR EACH ROW EXECUTE FUNCTION keep_worklist_entry();

        -- By the unit that has the response, and to somebody who works there.
        CREATE FUNCTION refuse_hand_over() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF 2 <> (
                SELECT count(*) FROM unnest(ARRAY[NEW.staff_id, coalesce(NEW.to_staff_id, NEW.staff_id)]) AS who
                WHERE EXISTS (
                    SELECT FROM deliveries d JOIN commissions c ON c.unit_id = d.unit_id
                    WHERE d.response_id = NEW.response_id AND c.staff_id = who
                      AND c.valid_from <= NEW.at AND (c.valid_until IS NULL OR c.valid_until > NEW.at))) THEN
                RAISE EXCEPTION 'handed over within the unit only'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_overs_within_unit';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_hand_over FROM PUBLIC;
        CREATE TRIGGER refuse_hand_over AFTER INSERT ON hand_overs
            FOR EACH ROW EXECUTE FUNCTION refuse_hand_over();
    """)


def _reminders() -> None:
    op.execute("""
        -- Asked for by staff, at most once a day for an occasion.
        CREATE TABLE reminders (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            day         date NOT NULL,
            staff_id    uuid NOT NULL,
            at          timestamptz NOT NULL CHECK (day = (at AT TIME ZONE 'Europe/Stockholm')::date),
            UNIQUE (occasion_id, day),
            UNIQUE (id, provider_id, person_id, occasion_id),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        -- Why somebody did not answer, as far as the unit knows. The latest counts.
        CREATE TABLE non_responses (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            reason      text NOT NULL CHECK (reason IN ('declined', 'too_ill', 'died', 'moved', 'language', 'other')),
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON non_responses (occasion_id, at);
        CREATE INDEX occasions_by_closing ON occasions (unit_id, closes_at);

        -- A reminder is a notice of its own: one for each time it was asked for, on each channel.
        ALTER TABLE dispatches ADD COLUMN reminder_id uuid,
            DROP CONSTRAINT dispatches_kind_check,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation', 'reminder')),
            ADD CONSTRAINT dispatches_of_reminder CHECK ((kind = 'reminder') = (reminder_id IS NOT NULL)),
            ADD FOREIGN KEY (reminder_id, provider_id, person_id, occasion_id)
                REFERENCES reminders (id, provider_id, person_id, occasion_id),
            DROP CONSTRAINT dispatches_occasion_id_kind_channel_key,
            ADD CONSTRAINT dispatches_once UNIQUE NULLS NOT DISTINCT (occasion_id, kind, channel, reminder_id);
    """)
    for table in ("reminders", "non_responses"):
        op.execute(f"""
            {protect(table, worker="SELECT")}
            GRANT SELECT, INSERT ON {table} TO survey_staff;
            CREATE POLICY staff_reads ON {table} FOR SELECT TO survey_staff USING ({PROVIDER});
            CREATE POLICY staff ON {table} FOR INSERT TO survey_staff
                WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});
        """)


def _paper() -> None:
    op.execute(f"""
        -- Answered on paper: who typed it in, and in how many answers the second typing differed from the first. A bank
        -- is printed as its short form, so that only what is answered on the screen has the form that was ordered.
        ALTER TABLE sessions
            ADD COLUMN entered_by uuid,
            ADD COLUMN entry_differences integer CHECK (entry_differences >= 0),
            ADD COLUMN ordered_form text GENERATED ALWAYS AS (CASE WHEN entered_by IS NULL THEN form END) STORED,
            ADD CONSTRAINT sessions_entered CHECK (num_nonnulls(entered_by, entry_differences) IN (0, 2)),
            ADD CONSTRAINT sessions_entered_from_paper CHECK (entered_by IS NULL OR mode = 'paper'),
            ADD CONSTRAINT sessions_entered_by FOREIGN KEY (entered_by, provider_id)
                REFERENCES staff_members (id, provider_id),
            DROP CONSTRAINT sessions_of_task,
            ADD CONSTRAINT sessions_of_task
                FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version, ordered_form)
                REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);

        -- So many days after the window a form on paper may have been filled in, where the unit takes late ones at all.
        ALTER TABLE units ADD COLUMN late_paper_days integer NOT NULL DEFAULT 0
            CHECK (late_paper_days BETWEEN 0 AND 366);
        CREATE FUNCTION set_late_paper_days(p_unit uuid, p_days integer) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET late_paper_days = p_days
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid
              AND EXISTS (
                  SELECT FROM commissions c
                  WHERE c.staff_id = nullif(current_setting('app.actor', true), '')::uuid AND c.unit_id = p_unit
                    AND c.role = 'unit_manager' AND c.valid_from <= now()
                    AND (c.valid_until IS NULL OR c.valid_until > now()));
        $$;
        REVOKE EXECUTE ON FUNCTION set_late_paper_days FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_late_paper_days TO survey_staff;

        -- A form is typed in whenever it comes, and counts from the day on which it was filled in: a day that has come,
        -- not before the occasion opened, nor later than the unit takes it.
        CREATE FUNCTION refuse_paper_out_of_time() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM sessions s JOIN occasions o ON o.id = s.occasion_id JOIN units u ON u.id = NEW.unit_id
                WHERE s.id = NEW.session_id AND s.entered_by IS NOT NULL AND (
                    NEW.completed_at > s.started_at OR NEW.completed_at < o.opens_at
                    OR (NEW.completed_at AT TIME ZONE 'Europe/Stockholm')::date
                       > ((o.closes_at - interval '1 minute') AT TIME ZONE 'Europe/Stockholm')::date
                         + u.late_paper_days)) THEN
                RAISE EXCEPTION 'filled in on a day that cannot be'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'paper_in_time';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_paper_out_of_time FROM PUBLIC;
        CREATE TRIGGER refuse_paper_out_of_time AFTER INSERT ON responses
            FOR EACH ROW EXECUTE FUNCTION refuse_paper_out_of_time();

        -- What is printed above the questions is the notice.
        GRANT INSERT ON notices_given, sessions, answers, responses, scores, deliveries TO survey_staff;
        CREATE POLICY staff_prints ON notices_given FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND notice_version LIKE '%/paper');
        CREATE POLICY staff_enters ON sessions FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND mode = 'paper' AND entered_by = {_BY_ACTOR});
        CREATE POLICY staff_enters ON answers FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND answered_by = person_id);
        CREATE POLICY staff_enters ON responses FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});
        CREATE POLICY staff_enters ON scores FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});
        CREATE POLICY staff_enters ON deliveries FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});

        -- Staff write into what they enter themselves, and into nobody's own session.
        CREATE FUNCTION refuse_staff_in_session() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        DECLARE
            entered uuid;
        BEGIN
            IF TG_TABLE_NAME IN ('answers', 'responses') THEN
                SELECT s.entered_by INTO entered FROM sessions s WHERE s.id = NEW.session_id;
            ELSE
                SELECT s.entered_by INTO entered FROM responses r JOIN sessions s ON s.id = r.session_id
                WHERE r.id = NEW.response_id;
            END IF;
            IF entered IS DISTINCT FROM {_BY_ACTOR} THEN
                RAISE EXCEPTION 'only what is entered from paper is written by staff'
                    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'entered_from_paper';
            END IF;
            RETURN NULL;
        END $$;
    """)
    for table in ("answers", "responses", "scores", "deliveries"):
        op.execute(f"""
            CREATE TRIGGER refuse_staff_in_session AFTER INSERT ON {table}
                FOR EACH ROW WHEN (current_user = 'survey_staff') EXECUTE FUNCTION refuse_staff_in_session();
        """)


def downgrade() -> None:
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM sessions WHERE entered_by IS NOT NULL) THEN
                RAISE EXCEPTION 'there are answers from paper: they cannot be told in the old shape';
            END IF;
        END $$;
        DROP POLICY staff_enters ON deliveries;
        DROP POLICY staff_enters ON scores;
        DROP POLICY staff_enters ON responses;
        DROP POLICY staff_enters ON answers;
        DROP POLICY staff_enters ON sessions;
        DROP POLICY staff_prints ON notices_given;
        REVOKE INSERT ON notices_given, sessions, answers, responses, scores, deliveries FROM survey_staff;
    """)
    for table in ("answers", "responses", "scores", "deliveries"):
        op.execute(f"DROP TRIGGER refuse_staff_in_session ON {table};")
    for table in ("deliveries", "receipts", "assessments", "response_versions"):
        op.execute(f"DROP TRIGGER keep_worklist_entry ON {table};")
    op.execute("""
        DROP TRIGGER refuse_paper_out_of_time ON responses;
        DROP FUNCTION refuse_staff_in_session, refuse_paper_out_of_time, set_late_paper_days;
        ALTER TABLE units DROP COLUMN late_paper_days;
        ALTER TABLE sessions DROP CONSTRAINT sessions_of_task, DROP CONSTRAINT sessions_entered,
            DROP CONSTRAINT sessions_entered_from_paper, DROP CONSTRAINT sessions_entered_by,
            DROP COLUMN ordered_form, DROP COLUMN entered_by, DROP COLUMN entry_differences,
            ADD CONSTRAINT sessions_of_task
                FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version, form)
                REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);
        DELETE FROM dispatch_attempts a USING dispatches d WHERE d.id = a.dispatch_id AND d.kind = 'reminder';
        DELETE FROM dispatches WHERE kind = 'reminder';
        ALTER TABLE dispatches DROP CONSTRAINT dispatches_once, DROP CONSTRAINT dispatches_of_reminder,
            DROP COLUMN reminder_id, DROP CONSTRAINT dispatches_kind_check,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation')),
            ADD CONSTRAINT dispatches_occasion_id_kind_channel_key UNIQUE (occasion_id, kind, channel);
        DROP INDEX occasions_by_closing;
        DROP TABLE non_responses, reminders, clinic_lists, staff_notes, hand_overs, worklist_entries, unit_flags,
            unit_flag_rules;
        DROP FUNCTION refuse_hand_over, keep_worklist_entry, refuse_flag_rule, unit_has_flag_rules, set_flag_hours;
        REVOKE EXECUTE ON FUNCTION pushes_to_record_system FROM survey_staff;
        ALTER TABLE units DROP COLUMN flag_hours;
        DELETE FROM delivery_alarms WHERE kind = 'flag_not_assessed';
        ALTER TABLE delivery_alarms DROP CONSTRAINT delivery_alarms_kind_check;
        ALTER TABLE delivery_alarms ADD CONSTRAINT delivery_alarms_kind_check
            CHECK (kind IN ('not_received', 'push_failed'));
    """)
