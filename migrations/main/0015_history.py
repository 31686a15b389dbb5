"""What coverage counts; and history that registers held, brought home to the provider.

Coverage leaves this database as counts only: nobody who asks sees a person, a response or a choice. History is kept
apart from responses, so that no receipt, and therefore no release, can ever point at it.
"""

from alembic import op

from migrations.row_security import ACTOR, PROVIDER, allow, enable

revision = "main_0015"
down_revision = "main_0014"


COUNT_COVERAGE = """
    -- Patients by where their surveys stood at p_as_of: each counted once a month and unit, under the first of
    -- these states that any of the surveys stands in. 'implausible' counts beside them, not among them.
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
            LEFT JOIN sessions s ON s.task_id = asked.task_id
            LEFT JOIN responses every ON every.session_id = s.id
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
    _coverage()
    _history()


def _coverage() -> None:
    op.execute("""
        -- For "who was asked in this month", over all units.
        CREATE INDEX occasions_opens_at ON occasions (opens_at);
    """)
    op.execute(COUNT_COVERAGE)
    op.execute("""
        -- Of one register, every unit: for the service, which suppresses before it tells. No register's role has it.
        CREATE FUNCTION coverage_counts(p_register uuid, p_agreements uuid[], p_instruments text[], p_first date,
                                        p_until date, p_as_of timestamptz)
        RETURNS TABLE (month date, provider_id uuid, unit_id uuid, state text, patients bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT * FROM count_coverage(p_register, p_agreements, p_instruments, p_first, p_until, p_as_of, NULL);
        $$;

        -- Of the provider that asks, its own units. Whether it was an objection is between the patient and the
        -- register: it is told among the other reasons.
        CREATE FUNCTION coverage_of_own_units(p_register uuid, p_agreements uuid[], p_instruments text[], p_first date,
                                              p_until date, p_as_of timestamptz)
        RETURNS TABLE (month date, unit_id uuid, state text, patients bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT c.month, c.unit_id,
                   CASE WHEN c.state IN ('objected', 'without_notice', 'pending') THEN 'other' ELSE c.state END,
                   sum(c.patients)::bigint
            FROM count_coverage(p_register, p_agreements, p_instruments, p_first, p_until, p_as_of,
                                nullif(current_setting('app.provider', true), '')::uuid) c
            WHERE nullif(current_setting('app.provider', true), '') IS NOT NULL
            GROUP BY 1, 2, 3;
        $$;
        REVOKE EXECUTE ON FUNCTION count_coverage, coverage_counts, coverage_of_own_units FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION coverage_counts TO survey_operator;
        GRANT EXECUTE ON FUNCTION coverage_of_own_units TO survey_staff;
    """)


def _history() -> None:
    op.execute(f"""
        -- One file brought in: by whom, from where, when, and which file it was.
        CREATE TABLE history_imports (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            unit_id     uuid NOT NULL,
            staff_id    uuid NOT NULL,
            source      text NOT NULL CHECK (source ~ '\\S'),
            file_digest bytea NOT NULL CHECK (length(file_digest) = 32),
            imported_at timestamptz NOT NULL,
            UNIQUE (id, provider_id, unit_id, source),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );

        CREATE TABLE imported_responses (
            id                 uuid PRIMARY KEY,
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            unit_id            uuid NOT NULL,
            import_id          uuid NOT NULL,
            source             text NOT NULL,
            -- What the source calls the row: rerun, it is the same one.
            source_key         text NOT NULL CHECK (source_key ~ '\\S'),
            -- Keyed digest of the whole row, to tell the same row from one that differs.
            content_digest     bytea NOT NULL CHECK (length(content_digest) = 32),
            instrument         text NOT NULL,
            instrument_version text NOT NULL,
            instrument_hash    text NOT NULL,
            form               text NOT NULL,
            respondent         text NOT NULL CHECK (respondent IN ('self', 'proxy')),
            mode               text NOT NULL CHECK (mode IN ('web', 'tablet', 'paper', 'telephone', 'unknown')),
            locale             text NOT NULL CHECK (locale <> ''),
            completed_on       date NOT NULL,
            completed_at       timestamptz,
            UNIQUE (provider_id, source, source_key),
            UNIQUE (id, provider_id, person_id),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients,
            FOREIGN KEY (import_id, provider_id, unit_id, source)
                REFERENCES history_imports (id, provider_id, unit_id, source)
        );
        CREATE INDEX ON imported_responses (person_id, unit_id);

        -- 'computed' by the pinned instrument from the item answers; 'source' as the file had it.
        CREATE TABLE imported_scores (
            response_id    uuid NOT NULL,
            variable       text NOT NULL,
            origin         text NOT NULL CHECK (origin IN ('computed', 'source')),
            provider_id    uuid NOT NULL,
            person_id      uuid NOT NULL,
            value          double precision CHECK (value = value AND abs(value) < 'Infinity'),
            text           text,
            standard_error double precision CHECK (standard_error >= 0 AND standard_error < 'Infinity'),
            missing_reason text,
            method         text NOT NULL CHECK (method ~ '\\S'),
            method_hash    text,
            algorithm      text,
            PRIMARY KEY (response_id, variable, origin),
            CHECK (num_nonnulls(value, text, missing_reason) >= 1),
            CHECK ((origin = 'computed') = (num_nonnulls(method_hash, algorithm) = 2)),
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES imported_responses (id, provider_id, person_id)
        );

        CREATE TABLE imported_answers (
            response_id  uuid NOT NULL,
            item_id      text NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            value_sealed bytea NOT NULL,
            PRIMARY KEY (response_id, item_id),
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES imported_responses (id, provider_id, person_id)
        );
        {enable("history_imports")}
        GRANT SELECT, INSERT ON history_imports TO survey_staff;
        CREATE POLICY staff ON history_imports FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff_imports ON history_imports FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "staff_id")});
    """)
    for table in ("imported_responses", "imported_scores", "imported_answers"):
        op.execute(enable(table) + allow(table, staff="SELECT, INSERT", patient="SELECT"))


def downgrade() -> None:
    op.execute("""
        DROP TABLE imported_answers, imported_scores, imported_responses, history_imports;
        DROP FUNCTION coverage_of_own_units, coverage_counts, count_coverage;
        DROP INDEX occasions_opens_at;
    """)
