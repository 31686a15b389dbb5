"""Notices: what a patient is to be told of an occasion, over its whole ladder, with due times that are kept.

One row for each occasion, kept by triggers as occasions come, move, go and are answered: whoever plans need not know of
it. A worker claims what is due for a while; one that dies loses the claim and nothing else.
"""

from alembic import op

from migrations.row_security import allow, enable, protect

revision = "main_0023"
down_revision = "main_0022"

_OUTCOMES = "'sent', 'temporary', 'permanent', 'technical', 'refused', 'no_address', 'given_up', 'revived'"
_UNREACHED = (
    "'no_address', 'not_delivered', 'protected', 'declined', 'deferred', 'directory', 'withheld', 'revealing',"
    " 'gateway', 'deceased'"
)


# What is none of a tablet's business in a waiting room (``main_0020``).
_NOT_ON_A_TABLET = ("contact_choices", "dispatch_receipts")


def upgrade() -> None:
    _notices()
    _kept_by_triggers()
    _claims()
    _dispatches()
    _gateways()
    _choices()
    _visits()
    _facts()
    _burden()
    _receipts()
    _seen()
    _letter_codes()
    _tablets()
    _take_over()


def _notices() -> None:
    op.execute(f"""
        CREATE TABLE notices (
            occasion_id   uuid PRIMARY KEY,
            provider_id   uuid NOT NULL,
            person_id     uuid NOT NULL,
            -- When to look at it next; null is never again.
            next_at       timestamptz,
            -- By whoever looks at it now; over when that worker has died.
            claimed_until timestamptz,
            -- Goes up when something has changed: what was decided before then does not overwrite next_at.
            revision      integer NOT NULL DEFAULT 0,
            -- Why the patient has not been told, for the unit.
            unreached     text CHECK (unreached IN ({_UNREACHED})),
            looked_at     timestamptz,
            UNIQUE (occasion_id, provider_id, person_id),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        CREATE INDEX notices_due ON notices (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX notices_unreached ON notices (provider_id) WHERE unreached IS NOT NULL;
        CREATE INDEX ON notices (person_id);
        {protect("notices", staff="SELECT", worker="SELECT")}
        GRANT UPDATE (next_at, claimed_until, unreached, looked_at) ON notices TO survey_worker;
    """)


def _kept_by_triggers() -> None:
    op.execute("""
        -- "Look again" is "look when it opens": at once, where that is past.
        CREATE FUNCTION keep_notice() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO notices (occasion_id, provider_id, person_id, next_at)
                VALUES (NEW.id, NEW.provider_id, NEW.person_id, NEW.opens_at);
                RETURN NULL;
            END IF;
            UPDATE notices SET revision = revision + 1,
                next_at = CASE WHEN NEW.withdrawn_at IS NULL AND NOT NEW.is_answered THEN NEW.opens_at END,
                unreached = CASE WHEN NEW.withdrawn_at IS NULL AND NOT NEW.is_answered THEN unreached END
            WHERE occasion_id = NEW.id;
            -- What it was to answer for other orders (collecting once) is asked by those, now that it does not, or no
            -- longer for so long.
            IF NEW.withdrawn_at IS NOT NULL OR NEW.closes_at < OLD.closes_at THEN
                PERFORM look_again_at_served(NEW.id);
            END IF;
            RETURN NULL;
        END $$;

        CREATE FUNCTION look_again_at_served(p_occasion uuid) RETURNS void LANGUAGE sql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM tasks t JOIN task_links l ON l.served_by = t.id JOIN tasks s ON s.id = l.task_id
                JOIN occasions o ON o.id = s.occasion_id
            WHERE t.occasion_id = p_occasion AND n.occasion_id = o.id
              AND o.withdrawn_at IS NULL AND NOT o.is_answered;
        $$;

        CREATE FUNCTION keep_notices_of_enrolment() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM occasions o
            WHERE o.enrolment_id = NEW.id AND n.occasion_id = o.id AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            PERFORM look_again_at_served(o.id) FROM occasions o WHERE o.enrolment_id = NEW.id;
            RETURN NULL;
        END $$;

        -- Staff asked for a reminder.
        CREATE FUNCTION keep_notice_of_reminder() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM occasions o
            WHERE o.id = NEW.occasion_id AND n.occasion_id = o.id AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            RETURN NULL;
        END $$;

        -- The unit entered another address, or another language.
        CREATE FUNCTION keep_notices_of_patient() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM occasions o
            WHERE n.person_id = NEW.person_id AND n.provider_id = NEW.provider_id
              AND o.id = n.occasion_id AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            RETURN NULL;
        END $$;

        REVOKE EXECUTE ON FUNCTION keep_notice, look_again_at_served, keep_notices_of_enrolment,
            keep_notice_of_reminder, keep_notices_of_patient FROM PUBLIC;
        CREATE TRIGGER keep_notice AFTER INSERT ON occasions FOR EACH ROW EXECUTE FUNCTION keep_notice();
        CREATE TRIGGER keep_notice_of_change
            AFTER UPDATE OF opens_at, closes_at, reminds_at, withdrawn_at, is_answered, unit_id ON occasions
            FOR EACH ROW EXECUTE FUNCTION keep_notice();
        CREATE TRIGGER keep_notices_of_enrolment AFTER UPDATE OF state, protocol_version_id ON enrolments
            FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.protocol_version_id <> NEW.protocol_version_id)
            EXECUTE FUNCTION keep_notices_of_enrolment();
        CREATE TRIGGER keep_notice_of_reminder AFTER INSERT ON reminders
            FOR EACH ROW EXECUTE FUNCTION keep_notice_of_reminder();
        CREATE TRIGGER keep_notices_of_patient AFTER UPDATE OF email_sealed, phone_sealed, locale ON patients
            FOR EACH ROW WHEN (OLD.email_sealed IS DISTINCT FROM NEW.email_sealed
                OR OLD.phone_sealed IS DISTINCT FROM NEW.phone_sealed OR OLD.locale <> NEW.locale)
            EXECUTE FUNCTION keep_notices_of_patient();
    """)


def _claims() -> None:
    op.execute("""
        -- Over all providers, for a worker: which occasions, and whose. The ids are all that it tells.
        CREATE FUNCTION claim_notices(p_now timestamptz, p_until timestamptz, p_most integer)
        RETURNS TABLE (occasion_id uuid, provider_id uuid, revision integer)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE notices n SET claimed_until = p_until
            FROM (
                SELECT d.occasion_id FROM notices d
                WHERE d.next_at <= p_now AND (d.claimed_until IS NULL OR d.claimed_until <= p_now)
                ORDER BY d.next_at LIMIT p_most FOR UPDATE SKIP LOCKED
            ) due
            WHERE n.occasion_id = due.occasion_id
            RETURNING n.occasion_id, n.provider_id, n.revision;
        $$;
        -- When the next of all falls due, the claimed ones when their claim is over.
        CREATE FUNCTION next_notice_at() RETURNS timestamptz
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT min(greatest(next_at, coalesce(claimed_until, next_at)))
            FROM (SELECT next_at, claimed_until FROM notices WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1000) n;
        $$;
        REVOKE EXECUTE ON FUNCTION claim_notices, next_notice_at FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION claim_notices, next_notice_at TO survey_worker;
    """)


def _dispatches() -> None:
    op.execute(f"""
        ALTER TABLE dispatches
            DROP CONSTRAINT dispatches_kind_check, DROP CONSTRAINT dispatches_channel_check,
            DROP CONSTRAINT dispatches_of_reminder, DROP CONSTRAINT dispatches_once,
            ADD COLUMN rung smallint NOT NULL DEFAULT 0,
            -- Keyed digest of where it goes: to another address it is another dispatch.
            ADD COLUMN address_digest bytea,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation', 'reminder', 'other_way')),
            ADD CONSTRAINT dispatches_channel_check CHECK (channel ~ '^[a-z][a-z_]{{0,19}}$'),
            ADD CONSTRAINT dispatches_of_reminder CHECK
                (CASE WHEN kind = 'reminder' THEN (rung > 0) <> (reminder_id IS NOT NULL)
                      ELSE rung = 0 AND reminder_id IS NULL END),
            ADD CONSTRAINT dispatches_once UNIQUE NULLS NOT DISTINCT
                (occasion_id, kind, channel, reminder_id, rung, address_digest);
        CREATE INDEX dispatches_burden ON dispatches (person_id, created_at)
            WHERE kind = 'invitation' AND channel = 'inbox';

        ALTER TABLE dispatch_attempts
            DROP CONSTRAINT dispatch_attempts_outcome_check,
            ADD CONSTRAINT dispatch_attempts_outcome_check CHECK (outcome IN ({_OUTCOMES})),
            ADD COLUMN gateway text,
            ADD COLUMN gateway_message_id text,
            ADD COLUMN staff_id uuid,
            ADD CONSTRAINT dispatch_attempts_gateway CHECK (gateway_message_id IS NULL OR gateway IS NOT NULL),
            ADD CONSTRAINT dispatch_attempts_message UNIQUE (gateway, gateway_message_id),
            ADD CONSTRAINT dispatch_attempts_revived CHECK (outcome = 'revived' OR staff_id IS NULL);

        -- A message that was given up is sent again because somebody wants it; attempts are counted anew from here.
        -- Staff of its provider (the code sees to the unit), or the operator in whose hands the gateways are.
        CREATE FUNCTION revive_dispatch(p_id uuid, p_dispatch uuid, p_at timestamptz) RETURNS boolean
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            found dispatches;
            newest text;
        BEGIN
            SELECT * INTO found FROM dispatches WHERE id = p_dispatch AND (
                session_user = 'survey_operator'
                OR provider_id = nullif(current_setting('app.provider', true), '')::uuid);
            IF found.id IS NULL THEN
                RETURN false;
            END IF;
            PERFORM FROM notices WHERE occasion_id = found.occasion_id FOR UPDATE;
            SELECT outcome INTO newest FROM dispatch_attempts WHERE dispatch_id = p_dispatch ORDER BY id DESC LIMIT 1;
            IF newest IS DISTINCT FROM 'given_up' THEN
                RETURN false;
            END IF;
            INSERT INTO dispatch_attempts (id, dispatch_id, provider_id, person_id, outcome, attempted_at, staff_id)
            VALUES (p_id, p_dispatch, found.provider_id, found.person_id, 'revived', p_at,
                    CASE WHEN session_user <> 'survey_operator'
                         THEN nullif(current_setting('app.actor', true), '')::uuid END);
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM occasions o
            WHERE n.occasion_id = found.occasion_id AND o.id = n.occasion_id
              AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            RETURN true;
        END $$;
        REVOKE EXECUTE ON FUNCTION revive_dispatch FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION revive_dispatch TO survey_staff, survey_operator;
    """)


def _gateways() -> None:
    op.execute(f"""
        -- How the counterparts are, shared by all workers: what has failed in a row, until when one is let alone, and
        -- when it takes the next message (its rate).
        CREATE TABLE gateways (
            name         text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{{0,39}}$'),
            failures     integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
            open_until   timestamptz,
            next_free_at timestamptz,
            -- Since when it has been out of order, and when the operator was told.
            bad_since    timestamptz,
            alarmed_at   timestamptz
        );
        {enable("gateways")}
        {allow("gateways", condition="true", worker="SELECT, INSERT, UPDATE", operator="SELECT, UPDATE")}
    """)


def _choices() -> None:
    op.execute(f"""
        -- How somebody wants to be written to, by every provider: the patient's own, and nobody else's to read.
        CREATE TABLE contact_choices (
            person_id        uuid PRIMARY KEY REFERENCES persons,
            email_sealed     bytea,
            phone_sealed     bytea,
            -- In the order of preference; empty is no messages at all.
            channels         text[] NOT NULL
                                 CHECK (cardinality(channels) <= 10 AND array_position(channels, NULL) IS NULL),
            hours_since      time,
            hours_until      time,
            every_day        boolean,
            most_invitations integer CHECK (most_invitations BETWEEN 1 AND 100),
            locale           text,
            chosen_at        timestamptz NOT NULL,
            CHECK ((hours_since IS NULL) = (hours_until IS NULL))
        );
        {protect("contact_choices", patient="SELECT, INSERT, UPDATE")}

        -- A worker reads them of the patients of the provider that it works for.
        CREATE FUNCTION contact_choices_of(p_people uuid[]) RETURNS SETOF contact_choices
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT c.* FROM contact_choices c
            WHERE c.person_id = ANY (p_people) AND EXISTS (
                SELECT FROM patients p WHERE p.person_id = c.person_id
                  AND p.provider_id = nullif(current_setting('app.provider', true), '')::uuid);
        $$;
        CREATE FUNCTION keep_notices_of_choices() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
            FROM occasions o
            WHERE n.person_id = NEW.person_id
              AND o.id = n.occasion_id AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION contact_choices_of, keep_notices_of_choices FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION contact_choices_of TO survey_worker;
        CREATE TRIGGER keep_notices_of_choices AFTER INSERT OR UPDATE ON contact_choices
            FOR EACH ROW EXECUTE FUNCTION keep_notices_of_choices();
    """)


def _visits() -> None:
    op.execute(f"""
        -- When each patient last signed in: it outlives the sign-ins, and says no more than that.
        CREATE TABLE last_visits (
            person_id uuid PRIMARY KEY REFERENCES persons,
            at        timestamptz NOT NULL
        );
        {enable("last_visits")}
        CREATE FUNCTION keep_last_visit() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            INSERT INTO last_visits VALUES (NEW.person_id, NEW.started_at)
            ON CONFLICT (person_id) DO UPDATE SET at = greatest(last_visits.at, EXCLUDED.at);
            RETURN NULL;
        END $$;
        CREATE TRIGGER keep_last_visit AFTER INSERT ON sign_ins
            FOR EACH ROW WHEN (NEW.kind = 'patient') EXECUTE FUNCTION keep_last_visit();
        INSERT INTO last_visits SELECT person_id, max(started_at) FROM sign_ins WHERE kind = 'patient' GROUP BY 1;

        CREATE FUNCTION last_visits_of(p_people uuid[]) RETURNS SETOF last_visits
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT v.* FROM last_visits v
            WHERE v.person_id = ANY (p_people) AND EXISTS (
                SELECT FROM patients p WHERE p.person_id = v.person_id
                  AND p.provider_id = nullif(current_setting('app.provider', true), '')::uuid);
        $$;
        REVOKE EXECUTE ON FUNCTION keep_last_visit, last_visits_of FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION last_visits_of TO survey_worker;
    """)


def _facts() -> None:
    op.execute(f"""
        -- What the person directory last said of a provider's patient. For when it cannot be asked.
        CREATE TABLE person_facts (
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            is_protected boolean NOT NULL,
            deceased_on  date,
            checked_at   timestamptz NOT NULL,
            PRIMARY KEY (provider_id, person_id),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients (provider_id, person_id)
        );
        {protect("person_facts", staff="SELECT", worker="SELECT, INSERT, UPDATE")}
    """)


def _burden() -> None:
    op.execute("""
        -- The limit of invitations to one person over all providers. Null: there is room. Or else when the one that is
        -- in the way was sent; never whose it was. Two providers that ask at once ask one after the other.
        CREATE FUNCTION invitation_in_the_way(p_person uuid, p_occasion uuid, p_since timestamptz, p_most integer)
        RETURNS timestamptz
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            most integer;
            sent timestamptz[];
        BEGIN
            IF NOT EXISTS (SELECT FROM patients p WHERE p.person_id = p_person
                           AND p.provider_id = nullif(current_setting('app.provider', true), '')::uuid) THEN
                RAISE EXCEPTION 'no patient of this provider' USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended(p_person::text, 23));
            SELECT least(p_most, c.most_invitations) INTO most FROM contact_choices c WHERE c.person_id = p_person;
            SELECT array_agg(d.created_at ORDER BY d.created_at DESC) INTO sent FROM dispatches d
            WHERE d.person_id = p_person AND d.kind = 'invitation' AND d.channel = 'inbox'
              AND d.created_at > p_since AND d.occasion_id <> p_occasion;
            RETURN sent[coalesce(most, p_most)];
        END $$;
        REVOKE EXECUTE ON FUNCTION invitation_in_the_way FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION invitation_in_the_way TO survey_worker;
    """)


def _receipts() -> None:
    op.execute(f"""
        -- What the gateway heard afterwards. The same again is the same.
        CREATE TABLE dispatch_receipts (
            dispatch_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            outcome     text NOT NULL CHECK (outcome IN ('delivered', 'not_delivered', 'bounced', 'returned')),
            code        text CHECK (length(code) <= 40),
            at          timestamptz NOT NULL,
            PRIMARY KEY (dispatch_id, outcome),
            FOREIGN KEY (dispatch_id, provider_id, person_id) REFERENCES dispatches (id, provider_id, person_id)
        );
        {protect("dispatch_receipts", staff="SELECT", patient="SELECT", worker="SELECT")}

        -- For the gate (a signed webhook) and the operator (bounces, returned mail). By the id of ours that the gateway
        -- repeats, or else by its own; whether there is such a message.
        CREATE FUNCTION receive_dispatch(p_gateway text, p_message text, p_dispatch uuid, p_outcome text, p_code text,
                                         p_at timestamptz) RETURNS boolean
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            told dispatches;
        BEGIN
            SELECT d.* INTO told FROM dispatches d
            WHERE d.id = coalesce(
                (SELECT a.dispatch_id FROM dispatch_attempts a
                 WHERE a.gateway = p_gateway AND a.gateway_message_id = p_message), p_dispatch);
            IF told.id IS NULL THEN
                RETURN false;
            END IF;
            INSERT INTO dispatch_receipts (dispatch_id, provider_id, person_id, outcome, code, at)
            VALUES (told.id, told.provider_id, told.person_id, p_outcome, p_code, p_at)
            ON CONFLICT DO NOTHING;
            IF FOUND AND p_outcome <> 'delivered' THEN
                UPDATE notices n SET revision = n.revision + 1, next_at = o.opens_at
                FROM occasions o
                WHERE n.occasion_id = told.occasion_id AND o.id = n.occasion_id
                  AND o.withdrawn_at IS NULL AND NOT o.is_answered;
            END IF;
            RETURN true;
        END $$;
        REVOKE EXECUTE ON FUNCTION receive_dispatch FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION receive_dispatch TO survey_gate, survey_operator;
    """)


def _seen() -> None:
    op.execute("""
        CREATE INDEX dispatch_attempts_lately ON dispatch_attempts (attempted_at);
        CREATE INDEX dispatch_attempts_failed ON dispatch_attempts (provider_id, dispatch_id)
            WHERE outcome IN ('permanent', 'given_up');
        CREATE INDEX dispatch_receipts_lately ON dispatch_receipts (at);
        CREATE INDEX dispatch_receipts_failed ON dispatch_receipts (provider_id, dispatch_id)
            WHERE outcome <> 'delivered';

        -- For the metrics: counts over all providers, and nothing else of anybody.
        CREATE FUNCTION dispatch_figures(p_since timestamptz)
        RETURNS TABLE (channel text, outcome text, count bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT d.channel, a.outcome, count(*) FROM dispatch_attempts a JOIN dispatches d ON d.id = a.dispatch_id
            WHERE a.attempted_at > p_since GROUP BY 1, 2
            UNION ALL
            SELECT d.channel, r.outcome, count(*) FROM dispatch_receipts r JOIN dispatches d ON d.id = r.dispatch_id
            WHERE r.at > p_since GROUP BY 1, 2;
        $$;
        CREATE FUNCTION due_figures(p_now timestamptz)
        RETURNS TABLE (provider_id uuid, now bigint, hour bigint, day bigint, later bigint, oldest timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT n.provider_id, count(*) FILTER (WHERE n.next_at <= p_now),
                   count(*) FILTER (WHERE n.next_at > p_now AND n.next_at <= p_now + interval '1 hour'),
                   count(*) FILTER (WHERE n.next_at > p_now + interval '1 hour'
                                      AND n.next_at <= p_now + interval '1 day'),
                   count(*) FILTER (WHERE n.next_at > p_now + interval '1 day'),
                   min(n.next_at) FILTER (WHERE n.next_at <= p_now)
            FROM notices n WHERE n.next_at IS NOT NULL GROUP BY 1;
        $$;
        -- The same for what is due, by the index, however much is planned.
        CREATE FUNCTION overdue_figures(p_now timestamptz) RETURNS TABLE (count bigint, oldest timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT count(*), min(next_at) FROM notices WHERE next_at <= p_now;
        $$;
        -- Given up, and there is still something to answer: ids, for the operator to send again.
        CREATE FUNCTION dead_dispatches(p_now timestamptz, p_most integer)
        RETURNS TABLE (dispatch_id uuid, provider_id uuid, channel text, gateway text, failure text,
                       given_up_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT d.id, d.provider_id, d.channel, last.gateway, last.outcome, a.attempted_at
            FROM dispatch_attempts a JOIN dispatches d ON d.id = a.dispatch_id
            JOIN occasions o ON o.id = d.occasion_id
            LEFT JOIN LATERAL (
                SELECT f.gateway, f.outcome FROM dispatch_attempts f
                WHERE f.dispatch_id = d.id AND f.outcome IN ('temporary', 'permanent', 'technical', 'refused')
                ORDER BY f.id DESC LIMIT 1) last ON true
            WHERE a.outcome = 'given_up' AND o.closes_at > p_now AND o.withdrawn_at IS NULL AND NOT o.is_answered
              AND NOT EXISTS (SELECT FROM dispatch_attempts n WHERE n.dispatch_id = d.id AND n.id > a.id)
            ORDER BY a.attempted_at LIMIT p_most;
        $$;
        REVOKE EXECUTE ON FUNCTION dispatch_figures, due_figures, overdue_figures, dead_dispatches FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION dispatch_figures, overdue_figures TO survey_gate, survey_operator;
        GRANT EXECUTE ON FUNCTION due_figures, dead_dispatches TO survey_operator;
    """)


# So many wrong codes from one address in an hour, and so many times one code may be typed in.
_MOST_WRONG = 20
_MOST_OPENINGS = 30


def _letter_codes() -> None:
    op.execute(f"""
        ALTER TABLE units ADD COLUMN letters_carry_codes boolean NOT NULL DEFAULT false;
        CREATE FUNCTION set_letters_carry_codes(p_unit uuid, p_carry boolean) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET letters_carry_codes = p_carry
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid
              AND EXISTS (
                  SELECT FROM commissions c
                  WHERE c.staff_id = nullif(current_setting('app.actor', true), '')::uuid AND c.unit_id = p_unit
                    AND c.role = 'unit_manager' AND c.valid_from <= now()
                    AND (c.valid_until IS NULL OR c.valid_until > now()));
        $$;

        -- What stands in a letter, for who has no e-identification. It is good for one occasion, as long as that can be
        -- begun and is not answered; a code of the same letter printed again is the same.
        CREATE TABLE letter_codes (
            dispatch_id uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            -- Keyed: twelve characters could be tried out by whoever had the table.
            code_digest bytea NOT NULL UNIQUE CHECK (length(code_digest) = 32),
            made_at     timestamptz NOT NULL,
            openings    integer NOT NULL DEFAULT 0 CHECK (openings BETWEEN 0 AND {_MOST_OPENINGS}),
            FOREIGN KEY (dispatch_id, provider_id, person_id) REFERENCES dispatches (id, provider_id, person_id),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        CREATE INDEX ON letter_codes (occasion_id);
        {enable("letter_codes")}
        GRANT INSERT (dispatch_id, provider_id, person_id, occasion_id, code_digest, made_at) ON letter_codes
            TO survey_worker;
        GRANT SELECT ON letter_codes TO survey_worker;
        CREATE POLICY worker ON letter_codes TO survey_worker
            USING (provider_id = nullif(current_setting('app.provider', true), '')::uuid)
            WITH CHECK (provider_id = nullif(current_setting('app.provider', true), '')::uuid);
        CREATE FUNCTION refuse_code_of_another_occasion() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM dispatches d JOIN occasions o ON o.id = d.occasion_id
                           JOIN units u ON u.id = o.unit_id
                           WHERE d.id = NEW.dispatch_id AND d.occasion_id = NEW.occasion_id AND d.channel = 'letter'
                             AND u.letters_carry_codes) THEN
                RAISE EXCEPTION 'no letter of this occasion, or of a unit whose letters carry codes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'letter_codes_of_letter';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_code_of_another_occasion BEFORE INSERT ON letter_codes
            FOR EACH ROW EXECUTE FUNCTION refuse_code_of_another_occasion();

        -- Somebody at home who has typed a code in.
        CREATE TABLE letter_visits (
            id           uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            occasion_id  uuid NOT NULL,
            token_digest bytea NOT NULL UNIQUE CHECK (length(token_digest) = 32),
            began_at     timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            ended_at     timestamptz,
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        CREATE INDEX ON letter_visits (occasion_id);
        {enable("letter_visits")}
        {allow("letter_visits", gate="SELECT")}
        GRANT UPDATE (last_seen_at, ended_at) ON letter_visits TO survey_gate;

        -- Wrong codes, by a keyed digest of the address that they came from; kept for a day.
        CREATE TABLE letter_code_tries (
            source bytea NOT NULL CHECK (length(source) = 32),
            at     timestamptz NOT NULL
        );
        CREATE INDEX ON letter_code_tries (source, at);
        CREATE INDEX ON letter_code_tries (at);
        {enable("letter_code_tries")}

        -- The only way from a code to a visit, so that no process can forget the limits. 'taken', 'wrong', 'too_many'.
        CREATE FUNCTION take_letter_code(p_code bytea, p_source bytea, p_visit uuid, p_token bytea, p_at timestamptz)
        RETURNS TABLE (outcome text, person_id uuid, occasion_id uuid)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        #variable_conflict use_column
        DECLARE
            moment timestamptz := greatest(p_at, now());
            found letter_codes;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_source, 'hex'), 24));
            DELETE FROM letter_code_tries WHERE at < moment - interval '1 day';
            IF (SELECT count(*) FROM letter_code_tries t
                WHERE t.source = p_source AND t.at > moment - interval '1 hour') >= {_MOST_WRONG} THEN
                RETURN QUERY SELECT 'too_many', NULL::uuid, NULL::uuid;
                RETURN;
            END IF;
            UPDATE letter_codes c SET openings = c.openings + 1
            FROM occasions o JOIN enrolments e ON e.id = o.enrolment_id JOIN units u ON u.id = o.unit_id
            WHERE c.code_digest = p_code AND c.openings < {_MOST_OPENINGS} AND o.id = c.occasion_id
              AND o.opens_at <= moment AND o.closes_at > moment AND o.withdrawn_at IS NULL AND NOT o.is_answered
              AND e.state = 'active' AND u.letters_carry_codes
            RETURNING c.* INTO found;
            IF found.dispatch_id IS NULL THEN
                INSERT INTO letter_code_tries VALUES (p_source, moment);
                RETURN QUERY SELECT 'wrong', NULL::uuid, NULL::uuid;
                RETURN;
            END IF;
            INSERT INTO letter_visits (id, provider_id, person_id, occasion_id, token_digest, began_at, last_seen_at)
            VALUES (p_visit, found.provider_id, found.person_id, found.occasion_id, p_token, p_at, p_at);
            RETURN QUERY SELECT 'taken', found.person_id, found.occasion_id;
        END $$;
        REVOKE EXECUTE ON FUNCTION set_letters_carry_codes, take_letter_code, refuse_code_of_another_occasion
            FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_letters_carry_codes TO survey_staff;
        GRANT EXECUTE ON FUNCTION take_letter_code TO survey_gate;
    """)


def _tablets() -> None:
    for table in _NOT_ON_A_TABLET:
        op.execute(f"""
            CREATE POLICY tablet ON {table} AS RESTRICTIVE TO survey_patient
                USING (nullif(current_setting('app.occasion', true), '') IS NULL);
        """)


def _take_over() -> None:
    op.execute("""
        INSERT INTO notices (occasion_id, provider_id, person_id, next_at)
        SELECT o.id, o.provider_id, o.person_id,
               CASE WHEN o.withdrawn_at IS NULL AND NOT o.is_answered AND o.closes_at > now() THEN o.opens_at END
        FROM occasions o;
        DELETE FROM jobs.procrastinate_jobs WHERE status = 'todo'
            AND task_name IN ('notifying.invite', 'notifying.remind');
    """)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER keep_notices_of_patient ON patients;
        DROP TRIGGER keep_notice_of_reminder ON reminders;
        DROP TRIGGER keep_notices_of_enrolment ON enrolments;
        DROP TRIGGER keep_notice ON occasions;
        DROP TRIGGER keep_notice_of_change ON occasions;
        DROP TRIGGER keep_last_visit ON sign_ins;
        DROP TABLE letter_code_tries, letter_visits, letter_codes;
        DROP FUNCTION take_letter_code, set_letters_carry_codes, refuse_code_of_another_occasion, dispatch_figures,
            due_figures, overdue_figures, dead_dispatches;
        ALTER TABLE units DROP COLUMN letters_carry_codes;
        DROP INDEX dispatch_attempts_lately, dispatch_attempts_failed;
        DROP FUNCTION receive_dispatch, invitation_in_the_way, last_visits_of, contact_choices_of, revive_dispatch,
            claim_notices, next_notice_at;
        DROP TABLE dispatch_receipts, person_facts, last_visits, contact_choices, gateways, notices;
        DROP FUNCTION keep_notices_of_choices, keep_last_visit, keep_notices_of_patient, keep_notice_of_reminder,
            keep_notices_of_enrolment, keep_notice, look_again_at_served;
        DELETE FROM dispatch_attempts a USING dispatches d WHERE d.id = a.dispatch_id
            AND (d.channel NOT IN ('inbox', 'email') OR d.kind = 'other_way' OR d.rung > 0);
        DELETE FROM dispatches WHERE channel NOT IN ('inbox', 'email') OR kind = 'other_way' OR rung > 0;
        DELETE FROM dispatch_attempts WHERE outcome IN ('given_up', 'revived');
        ALTER TABLE dispatch_attempts
            DROP CONSTRAINT dispatch_attempts_outcome_check, DROP COLUMN gateway, DROP COLUMN gateway_message_id,
            DROP COLUMN staff_id,
            ADD CONSTRAINT dispatch_attempts_outcome_check CHECK (outcome IN
                ('sent', 'temporary', 'permanent', 'technical', 'refused', 'no_address'));
        ALTER TABLE dispatches
            DROP CONSTRAINT dispatches_kind_check, DROP CONSTRAINT dispatches_channel_check,
            DROP CONSTRAINT dispatches_of_reminder, DROP COLUMN rung, DROP COLUMN address_digest,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation', 'reminder')),
            ADD CONSTRAINT dispatches_channel_check CHECK (channel IN ('inbox', 'email')),
            ADD CONSTRAINT dispatches_of_reminder CHECK ((kind = 'reminder') = (reminder_id IS NOT NULL)),
            ADD CONSTRAINT dispatches_once UNIQUE NULLS NOT DISTINCT (occasion_id, kind, channel, reminder_id);
    """)
