"""Follow-up of units: figures made each night, what of them may be compared, and the grounds to compare."""

from importlib import import_module

from alembic import op

from migrations.row_security import protect

revision = "main_0022"
down_revision = "main_0021"


_COUNT_COVERAGE = """
    -- Patients by where their surveys stood at p_as_of: each counted once a month and unit, under the first of
    -- these states that any of the surveys stands in. 'implausible' counts beside them, not among them. What was
    -- withdrawn before that moment was not asked, nor what a void enrolment planned; and what another order of the
    -- provider answered has been answered here too.
    CREATE OR REPLACE FUNCTION count_coverage(p_register uuid, p_agreements uuid[], p_instruments text[], p_first date,
                                   p_until date, p_as_of timestamptz, p_provider uuid)
    RETURNS TABLE (month date, provider_id uuid, unit_id uuid, state text, patients bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH agreed AS (
            SELECT a.provider_id, a.version, a.valid_until, a.review_hold_hours, named.instrument,
                   coalesce(a.look_back, (a.valid_from AT TIME ZONE 'Europe/Stockholm')::date)::timestamp
                       AT TIME ZONE 'Europe/Stockholm' AS begins
            FROM unnest(p_agreements, p_instruments) AS named (agreement_id, instrument)
            JOIN agreements a ON a.id = named.agreement_id
            WHERE a.register_id = p_register AND (p_provider IS NULL OR a.provider_id = p_provider)
              AND a.valid_from <= p_as_of
              AND (SELECT count(*) FROM agreement_approvals s
                   WHERE s.agreement_id = a.id AND s.approved_at <= p_as_of) = 2
        ), asked AS (
            SELECT DISTINCT ON (t.id) t.id AS task_id, o.provider_id, o.unit_id, o.person_id, o.closes_at,
                   date_trunc('month', o.opens_at AT TIME ZONE 'Europe/Stockholm')::date AS month,
                   agreed.begins, agreed.review_hold_hours
            FROM occasions o
            JOIN enrolments e ON e.id = o.enrolment_id AND e.legal_regime = 'health_care'
            JOIN tasks t ON t.occasion_id = o.id
            JOIN agreed ON agreed.provider_id = o.provider_id AND agreed.instrument = t.instrument
                AND o.closes_at > agreed.begins
                AND (agreed.valid_until IS NULL OR o.opens_at < agreed.valid_until)
            WHERE o.opens_at >= p_first::timestamp AT TIME ZONE 'Europe/Stockholm'
              AND o.opens_at < p_until::timestamp AT TIME ZONE 'Europe/Stockholm' AND o.opens_at <= p_as_of
              AND (o.withdrawn_at IS NULL OR o.withdrawn_at > p_as_of) AND e.state <> 'voided'
            ORDER BY t.id, agreed.version DESC
        ), stands AS (
            SELECT asked.month, asked.provider_id, asked.unit_id, asked.person_id,
                   coalesce(l.payload -> 'flags', '[]') NOT IN ('[]', '{}', 'null')
                       AND l.released_at <= p_as_of AS flagged,
                   CASE
                       WHEN r.id IS NULL AND asked.closes_at > p_as_of THEN 1
                       WHEN r.id IS NULL THEN 2
                       WHEN c.objected AND c.changed_at <= p_as_of THEN 3
                       WHEN n.given_at > r.completed_at THEN 4
                       WHEN k.response_id IS NULL THEN 5
                       WHEN k.received_at + make_interval(hours => asked.review_hold_hours) > p_as_of THEN 6
                       -- What was taken back or replaced later stood in the feed then.
                       WHEN l.released_at <= p_as_of OR l.version > 1 OR c.objected THEN 8
                       ELSE 7
                   END AS place
            FROM asked
            LEFT JOIN sessions own ON own.task_id = asked.task_id
            LEFT JOIN responses given ON given.session_id = own.id
            LEFT JOIN shared_deliveries shared ON shared.task_id = asked.task_id AND given.id IS NULL
            LEFT JOIN responses every ON every.id = coalesce(given.id, shared.response_id)
            LEFT JOIN sessions s ON s.id = every.session_id
            LEFT JOIN responses r ON r.id = every.id AND r.completed_at <= p_as_of
            LEFT JOIN notices_given n ON n.id = s.notice_id
            LEFT JOIN receipts k ON k.response_id = r.id AND k.received_at <= p_as_of
            LEFT JOIN register_choices c ON c.person_id = asked.person_id AND c.register_id = p_register
            LEFT JOIN releases l ON l.response_id = r.id AND l.register_id = p_register
            -- Answered before the agreement reaches: never to be released, so never counted on.
            WHERE every.id IS NULL OR every.completed_at >= asked.begins
        ), persons AS (
            SELECT stands.month, stands.provider_id, stands.unit_id, stands.person_id, min(place) AS place,
                   bool_or(flagged) AS flagged
            FROM stands GROUP BY 1, 2, 3, 4
        )
        SELECT persons.month, persons.provider_id, persons.unit_id,
               (ARRAY['waiting', 'unanswered', 'objected', 'without_notice', 'unreceived', 'held', 'pending',
                      'released'])[place], count(*)
        FROM persons GROUP BY persons.month, persons.provider_id, persons.unit_id, place
        UNION ALL
        SELECT persons.month, persons.provider_id, persons.unit_id, 'implausible', count(*)
        FROM persons WHERE flagged GROUP BY persons.month, persons.provider_id, persons.unit_id;
    $$;
"""


def upgrade() -> None:
    _figures()
    _grounds()
    _count()
    _clock()
    op.execute(_COUNT_COVERAGE)


def _figures() -> None:
    op.execute(f"""
        -- A unit's month, in sums that can be added up: counts, totals and squares. Names nobody.
        CREATE TABLE follow_up_figures (
            provider_id uuid NOT NULL,
            unit_id     uuid NOT NULL,
            protocol    text NOT NULL,
            occasion    text NOT NULL,
            month       date NOT NULL CHECK (extract(day FROM month) = 1),
            kind        text NOT NULL CHECK (kind IN
                ('response', 'reason', 'withdrawn', 'minutes', 'score', 'change', 'important', 'reliable',
                 'paretian')),
            subject     text NOT NULL,
            cell        text NOT NULL,
            n           integer NOT NULL CHECK (n > 0),
            total       double precision NOT NULL,
            squares     double precision NOT NULL,
            PRIMARY KEY (unit_id, month, protocol, occasion, kind, subject, cell),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON follow_up_figures (provider_id);
        {protect("follow_up_figures", staff="SELECT", worker="SELECT, INSERT, DELETE")}

        -- What others may be told: a unit's months, taken together until no cell is small. Nothing below five can be
        -- told of them, whatever is added or subtracted, since nothing below five is in them.
        CREATE TABLE follow_up_blocks (
            provider_id uuid NOT NULL,
            unit_id     uuid NOT NULL,
            protocol    text NOT NULL,
            occasion    text NOT NULL,
            first_month date NOT NULL,
            last_month  date NOT NULL CHECK (last_month >= first_month),
            kind        text NOT NULL CHECK (kind IN
                ('response', 'score', 'change', 'important', 'reliable', 'paretian')),
            subject     text NOT NULL,
            cell        text NOT NULL,
            n           integer NOT NULL CHECK (n >= 5),
            total       double precision NOT NULL,
            squares     double precision NOT NULL,
            PRIMARY KEY (unit_id, protocol, occasion, kind, subject, cell, first_month),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON follow_up_blocks (provider_id);
        CREATE INDEX ON follow_up_blocks (protocol, first_month);
        {protect("follow_up_blocks", worker="SELECT, INSERT, DELETE")}

        CREATE TABLE follow_up_runs (
            provider_id uuid PRIMARY KEY REFERENCES providers (id),
            made_at     timestamptz NOT NULL
        );
        {protect("follow_up_runs", staff="SELECT", worker="SELECT, INSERT, UPDATE")}
    """)


def _grounds() -> None:
    op.execute(f"""
        -- Why a provider may compare its units with each other, or be compared with other providers.
        CREATE TABLE comparison_grounds (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL REFERENCES providers (id),
            scope       text NOT NULL CHECK (scope IN ('own_units', 'country')),
            ground      text NOT NULL CHECK (ground <> ''),
            recorded_by text NOT NULL CHECK (recorded_by <> ''),
            recorded_at timestamptz NOT NULL,
            valid_from  date NOT NULL,
            valid_until date CHECK (valid_until >= valid_from)
        );
        CREATE INDEX ON comparison_grounds (provider_id);
        {protect("comparison_grounds", staff="SELECT", operator="SELECT, INSERT, UPDATE (valid_until)")}

        CREATE FUNCTION may_compare(p_provider uuid, p_scope text) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM comparison_grounds
                WHERE provider_id = p_provider AND scope = p_scope AND valid_from <= now()::date
                  AND (valid_until IS NULL OR valid_until >= now()::date));
        $$;

        -- The provider's other units; or the units of all other providers that have recorded a ground too. Counts are
        -- told of who answered; of the rest means, and shares in whole per cent, of at least so many.
        CREATE FUNCTION follow_up_of_others(p_scope text, p_unit uuid, p_first date, p_last date)
        RETURNS TABLE (protocol text, occasion text, kind text, subject text, cell text, n integer,
                       mean double precision, half_width double precision, share integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            WITH asking AS (
                SELECT nullif(current_setting('app.provider', true), '')::uuid AS provider_id
            ), whole AS (
                SELECT b.protocol, b.occasion, b.kind, b.subject, b.cell, sum(b.n)::double precision AS n,
                       sum(b.total) AS total, sum(b.squares) AS squares
                FROM follow_up_blocks b, asking
                WHERE b.first_month >= p_first AND b.last_month <= p_last AND b.unit_id <> p_unit
                  AND may_compare(asking.provider_id, p_scope)
                  AND CASE p_scope
                          WHEN 'own_units' THEN b.provider_id = asking.provider_id
                          WHEN 'country' THEN b.provider_id <> asking.provider_id
                              AND may_compare(b.provider_id, p_scope)
                          ELSE false
                      END
                GROUP BY 1, 2, 3, 4, 5
                HAVING sum(b.n) >= 5
            )
            SELECT w.protocol, w.occasion, w.kind, w.subject, w.cell,
                   (CASE WHEN w.kind = 'response' THEN w.n ELSE floor(w.n / 5) * 5 END)::integer,
                   CASE WHEN w.kind IN ('score', 'change') THEN w.total / w.n END,
                   CASE WHEN w.kind IN ('score', 'change')
                        THEN 1.96 * sqrt(greatest(w.squares - w.total * w.total / w.n, 0) / (w.n - 1) / w.n) END,
                   CASE WHEN w.kind NOT IN ('score', 'change')
                        THEN round(100 * w.n / sum(w.n) OVER (PARTITION BY w.protocol, w.occasion, w.kind, w.subject))
                        ::integer END
            FROM whole w;
        $$;
        REVOKE EXECUTE ON FUNCTION may_compare, follow_up_of_others FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION may_compare, follow_up_of_others TO survey_staff;
    """)


def _count() -> None:
    op.execute("""
        -- Every figure of the provider that asks (row-level security decides whose), of occasions whose time is over.
        -- No answer is opened: what is read of answers is when they were given. 'paretian' comes as pairs of profiles.
        -- What is answered by another order's task (shared_deliveries) is answered.
        --
        -- 'reason' has one for each unanswered occasion that has any, the first of these that holds:
        --   void         it was answered, and the answers were voided
        --   died         the unit noted it, or the death was recorded before the time to answer ended
        --   as noted     the unit's latest note of why (non_responses)
        --   transferred  the enrolment has left the unit that asked
        --   ended, paused  where the enrolment stood when the time to answer ended
        -- 'withdrawn' has what was planned and never asked because of the patient; what a new plan replaced is in none.
        CREATE FUNCTION count_follow_up(p_variables text[], p_important double precision[], p_directions integer[],
                                        p_profiles text[], p_as_of timestamptz)
        RETURNS TABLE (unit_id uuid, protocol text, occasion text, month date, kind text, subject text, cell text,
                       n bigint, total double precision, squares double precision)
        LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
            WITH planned AS MATERIALIZED (
                SELECT o.id, o.enrolment_id, o.unit_id, p.code AS protocol, split_part(o.code, '.', 1) AS occasion,
                       o.due_at, (o.due_at AT TIME ZONE 'Europe/Stockholm')::date <= e.anchor_date AS ahead,
                       date_trunc('month', (o.closes_at - interval '1 minute') AT TIME ZONE 'Europe/Stockholm')::date
                           AS month,
                       o.closes_at, e.unit_id <> o.unit_id AS has_left,
                       CASE WHEN e.state = 'voided' THEN 'wrong_patient' ELSE o.withdrawn_reason END AS left_out
                FROM occasions o
                JOIN enrolments e ON e.id = o.enrolment_id
                JOIN care_protocol_versions v ON v.id = e.protocol_version_id
                JOIN care_protocols p ON p.id = v.protocol_id
                WHERE o.closes_at <= p_as_of
            ), asked AS MATERIALIZED (
                SELECT * FROM planned WHERE left_out IS NULL
            ), tasked AS MATERIALIZED (
                SELECT a.*, t.instrument, r.respondent, r.id AS response_id, r.session_id, r.last_sequence, r.version,
                       r.id IS NULL AND EXISTS (
                           SELECT FROM sessions s JOIN responses given ON given.session_id = s.id
                           WHERE s.task_id = t.id
                           UNION ALL SELECT FROM shared_deliveries d WHERE d.task_id = t.id) AS is_void,
                       a.ahead AND a.due_at = max(a.due_at) FILTER (WHERE a.ahead)
                           OVER (PARTITION BY a.enrolment_id, t.instrument) AS is_before
                FROM asked a
                JOIN tasks t ON t.occasion_id = a.id
                -- By index for each task: a join with a list of all that is answered grows with its square. What
                -- another order's answer has answered counts at both units, and one's own comes first.
                LEFT JOIN LATERAL (
                    SELECT 1 AS place, s.respondent, r.id, r.session_id, r.last_sequence, stands.version
                    FROM sessions s JOIN responses r ON r.session_id = s.id
                        LEFT JOIN LATERAL (
                            SELECT v.version, v.kind FROM response_versions v WHERE v.response_id = r.id
                            ORDER BY v.version DESC LIMIT 1) stands ON true
                    WHERE s.task_id = t.id AND stands.kind IS DISTINCT FROM 'voided'
                    UNION ALL
                    SELECT 2, s.respondent, r.id, r.session_id, r.last_sequence, stands.version
                    FROM shared_deliveries d JOIN responses r ON r.id = d.response_id
                        JOIN sessions s ON s.id = r.session_id
                        LEFT JOIN LATERAL (
                            SELECT v.version, v.kind FROM response_versions v WHERE v.response_id = r.id
                            ORDER BY v.version DESC LIMIT 1) stands ON true
                    WHERE d.task_id = t.id AND stands.kind IS DISTINCT FROM 'voided'
                    ORDER BY place LIMIT 1
                ) r ON true
            ), done AS MATERIALIZED (
                SELECT a.id, a.enrolment_id, a.unit_id, a.protocol, a.occasion, a.month, a.closes_at, a.has_left,
                       bool_and(g.response_id IS NOT NULL) AS all_of_it, bool_or(g.is_void) AS is_void
                FROM asked a JOIN tasked g ON g.id = a.id
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            ), noted AS (
                SELECT DISTINCT ON (occasion_id) occasion_id, reason FROM non_responses
                ORDER BY occasion_id, at DESC, id DESC
            ), unanswered AS (
                SELECT d.unit_id, d.protocol, d.occasion, d.month,
                       CASE WHEN d.is_void THEN 'void'
                            WHEN EXISTS (SELECT FROM enrolment_events v WHERE v.enrolment_id = d.enrolment_id
                                         AND v.kind = 'died' AND v.at < d.closes_at AND NOT EXISTS (
                                             SELECT FROM enrolment_events w WHERE w.enrolment_id = d.enrolment_id
                                             AND w.kind = 'death_withdrawn' AND w.at >= v.at)) THEN 'died'
                            WHEN noted.reason IS NOT NULL THEN noted.reason
                            WHEN d.has_left THEN 'transferred'
                            WHEN last.kind IN ('ended', 'paused') THEN last.kind
                       END AS reason
                FROM done d
                LEFT JOIN noted ON noted.occasion_id = d.id
                LEFT JOIN LATERAL (
                    SELECT v.kind FROM enrolment_events v
                    WHERE v.enrolment_id = d.enrolment_id AND v.kind IN ('paused', 'resumed', 'ended')
                      AND v.at < d.closes_at
                    ORDER BY v.at DESC, v.id DESC LIMIT 1
                ) last ON true
                WHERE NOT d.all_of_it
            ), wanted AS (
                SELECT * FROM unnest(p_variables, p_important, p_directions) AS w (variable, important, direction)
                UNION ALL SELECT one, NULL, NULL FROM unnest(p_profiles) AS one
            ), scored AS MATERIALIZED (
                SELECT g.enrolment_id, g.unit_id, g.protocol, g.occasion, g.month, g.ahead, g.is_before, g.respondent,
                       c.variable, c.value, c.text, c.standard_error, c.method_hash
                FROM tasked g JOIN scores c ON c.response_id = g.response_id
                WHERE g.version IS NULL AND c.variable IN (SELECT wanted.variable FROM wanted)
                UNION ALL
                SELECT g.enrolment_id, g.unit_id, g.protocol, g.occasion, g.month, g.ahead, g.is_before, g.respondent,
                       c.variable, c.value, c.text, c.standard_error, c.method_hash
                FROM tasked g JOIN corrected_scores c ON c.response_id = g.response_id AND c.version = g.version
                WHERE c.variable IN (SELECT wanted.variable FROM wanted)
            ), paired AS MATERIALIZED (
                SELECT l.unit_id, l.protocol, l.occasion, l.month, l.variable, w.important,
                       l.value - f.value AS change, (l.value - f.value) * w.direction AS gain,
                       1.645 * sqrt(f.standard_error ^ 2 + l.standard_error ^ 2) AS noise,
                       f.text AS earlier, l.text AS later
                FROM scored l
                JOIN scored f ON f.enrolment_id = l.enrolment_id AND f.variable = l.variable AND f.is_before
                    AND f.respondent = l.respondent AND f.method_hash = l.method_hash
                JOIN wanted w ON w.variable = l.variable
                WHERE NOT l.ahead
            )
            SELECT d.unit_id, d.protocol, d.occasion, d.month, 'response', '',
                   CASE WHEN d.all_of_it THEN 'answered' ELSE 'unanswered' END, count(*), 0, 0
            FROM done d
            GROUP BY 1, 2, 3, 4, 7
            UNION ALL
            SELECT u.unit_id, u.protocol, u.occasion, u.month, 'reason', '', u.reason, count(*), 0, 0
            FROM unanswered u WHERE u.reason IS NOT NULL GROUP BY 1, 2, 3, 4, 7
            UNION ALL
            SELECT o.unit_id, o.protocol, o.occasion, o.month, 'withdrawn', '', o.left_out, count(*), 0, 0
            FROM planned o
            WHERE o.left_out IN ('died', 'ended', 'paused', 'transferred', 'excluded', 'wrong_patient')
            GROUP BY 1, 2, 3, 4, 7
            UNION ALL
            SELECT g.unit_id, g.protocol, g.occasion, g.month, 'minutes', g.instrument,
                   least(floor(extract(epoch FROM z.answered_at - y.answered_at) / 60), 120)::text, count(*), 0, 0
            FROM tasked g
            JOIN sessions s ON s.id = g.session_id AND s.entered_by IS NULL  -- nobody took the time on paper
            JOIN answers y ON y.session_id = g.session_id AND y.sequence = 1
            JOIN answers z ON z.session_id = g.session_id AND z.sequence = g.last_sequence
            GROUP BY 1, 2, 3, 4, 6, 7
            UNION ALL
            SELECT c.unit_id, c.protocol, c.occasion, c.month, 'score', c.variable, '', count(*), sum(c.value),
                   sum(c.value ^ 2)
            FROM scored c WHERE c.value IS NOT NULL GROUP BY 1, 2, 3, 4, 6
            UNION ALL
            SELECT p.unit_id, p.protocol, p.occasion, p.month, 'change', p.variable, '', count(*), sum(p.change),
                   sum(p.change ^ 2)
            FROM paired p WHERE p.change IS NOT NULL GROUP BY 1, 2, 3, 4, 6
            UNION ALL
            SELECT p.unit_id, p.protocol, p.occasion, p.month, 'important', p.variable,
                   CASE WHEN p.gain >= p.important - 1e-9 THEN 'better' WHEN p.gain <= 1e-9 - p.important THEN 'worse'
                        ELSE 'same' END, count(*), 0, 0
            FROM paired p WHERE p.gain IS NOT NULL AND p.important IS NOT NULL GROUP BY 1, 2, 3, 4, 6, 7
            UNION ALL
            SELECT p.unit_id, p.protocol, p.occasion, p.month, 'reliable', p.variable,
                   CASE WHEN p.gain > p.noise THEN 'better' WHEN p.gain < -p.noise THEN 'worse' ELSE 'same' END,
                   count(*), 0, 0
            FROM paired p WHERE p.gain IS NOT NULL AND p.noise IS NOT NULL GROUP BY 1, 2, 3, 4, 6, 7
            UNION ALL
            SELECT p.unit_id, p.protocol, p.occasion, p.month, 'paretian', p.variable, p.earlier || ' ' || p.later,
                   count(*), 0, 0
            FROM paired p WHERE p.variable = ANY (p_profiles) AND p.earlier IS NOT NULL AND p.later IS NOT NULL
            GROUP BY 1, 2, 3, 4, 6, 7;
        $$;
        REVOKE EXECUTE ON FUNCTION count_follow_up FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION count_follow_up TO survey_worker;
    """)


def _clock() -> None:
    op.execute("""
        -- In a demonstration time can be moved: what is due by its clock is due, whatever the database's clock says.
        CREATE FUNCTION hasten_jobs(p_until timestamptz) RETURNS bigint
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, jobs, pg_temp AS $$
        DECLARE
            hastened bigint;
        BEGIN
            IF NOT EXISTS (SELECT FROM deployment WHERE demonstration) THEN
                RAISE EXCEPTION 'time is moved in demonstrations only'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'clock_of_a_demonstration';
            END IF;
            UPDATE jobs.procrastinate_jobs SET scheduled_at = now()
            WHERE status = 'todo' AND scheduled_at > now() AND scheduled_at <= p_until;
            GET DIAGNOSTICS hastened = ROW_COUNT;
            RETURN hastened;
        END $$;
        REVOKE EXECUTE ON FUNCTION hasten_jobs FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION hasten_jobs TO survey_worker;
    """)


def downgrade() -> None:
    op.execute(import_module("migrations.main.0015_history").COUNT_COVERAGE)
    op.execute("""
        DROP FUNCTION hasten_jobs, count_follow_up, follow_up_of_others, may_compare;
        DROP TABLE comparison_grounds, follow_up_runs, follow_up_blocks, follow_up_figures;
    """)
