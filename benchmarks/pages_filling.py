"""A provider full of patients, for `benchmarks.pages`: people by the service's own use cases, the rest by SQL."""

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg

from survey_service.demo.people import identity_number
from survey_service.demo.population import Organisation
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.people.use_cases import ensure_people, enter_missing_care_relations

# In one protocol, to change it for all of them.
_IN_ONE = 4000
_OF_ONE_PATIENT = 500


def fill_people(services: Services, home: Organisation, count: int) -> None:
    """So many patients of the provider, each with an identity under a key of their own."""
    everybody = list(_identities(count))
    for part in (everybody[start : start + 500] for start in range(0, count, 500)):
        ciphers = ensure_people(services, {one.number for one in part}, as_=home.staff)
        identities = {ciphers[one.number]: one for one in part}
        with services.db.transaction(as_=home.staff) as connection:
            enter_missing_care_relations(
                connection, provider_id=home.staff.provider_id, identities=identities, at=services.clock()
            )


def _identities(count: int) -> Iterator[Identity]:
    for serial in range(count):
        number = identity_number(date(1940, 1, 1) + timedelta(days=serial), serial)
        yield Identity(number=number, name=f"Test {serial}", email=None, phone=None, locale="sv")


def fill(connection: psycopg.Connection[tuple[object, ...]], home: Organisation, responses: int) -> dict[str, object]:
    """Enrolments, what is planned, late and answered; returns ids for addresses by the name of the parameter."""
    connection.execute("SET session_replication_role = replica")  # no triggers: what they would write is written here
    values = {
        "home": home.staff.unit_id, "provider": home.staff.provider_id, "staff": home.staff.staff_id,
        "knee": home.protocols["knee-follow-up"], "in_one": _IN_ONE, "own": _OF_ONE_PATIENT,
        "others": responses - _OF_ONE_PATIENT,
    }  # fmt: skip
    for statement in _FILL:
        connection.execute(statement, values)
    connection.execute("SET session_replication_role = origin")
    connection.execute("VACUUM ANALYZE")
    cursor = connection.execute(_VALUES, values)
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


# A quarter of everything is at one unit, the rest spread over the others.
_FILL = (
    """
    CREATE TEMP TABLE places AS
        SELECT id, row_number() OVER (ORDER BY id = %(home)s, id) - 1 AS n FROM units
        WHERE provider_id = %(provider)s""",
    """
    CREATE TEMP TABLE plans AS
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM care_protocol_versions
        WHERE provider_id = %(provider)s AND protocol_id <> %(knee)s""",
    """
    INSERT INTO enrolments (id, provider_id, person_id, unit_id, protocol_version_id, legal_regime, purpose,
                            care_contact, anchor_kind, anchor_date, request_id, ordered_by, ordered_at)
        SELECT gen_random_uuid(), provider_id, person_id,
               CASE WHEN n %% 4 = 1 THEN %(home)s ELSE (SELECT id FROM places WHERE places.n = p.n %% 19) END,
               CASE WHEN n <= %(in_one)s THEN (SELECT id FROM care_protocol_versions WHERE protocol_id = %(knee)s)
                    ELSE (SELECT id FROM plans WHERE plans.n = p.n %% (SELECT count(*) FROM plans)) END,
               'health_care', 'care', 'Operation', 'surgery', now()::date - n %% 700, gen_random_uuid(), %(staff)s,
               now()
        FROM (SELECT *, row_number() OVER (ORDER BY person_id)::int AS n FROM patients
              WHERE provider_id = %(provider)s) p""",
    # What each protocol plans.
    """
    INSERT INTO occasions (id, provider_id, person_id, enrolment_id, unit_id, code, titles, reasons, opens_at, due_at,
                           closes_at)
        SELECT gen_random_uuid(), e.provider_id, e.person_id, e.id, e.unit_id, o ->> 'code', o -> 'titles',
               v.definition -> 'reasons', anchor_date + due - (o ->> 'opens_days_before')::int + time '08:00',
               anchor_date + due + time '08:00', anchor_date + due + (o ->> 'closes_days_after')::int + 1
        FROM enrolments e JOIN care_protocol_versions v ON v.id = e.protocol_version_id,
             jsonb_array_elements(v.definition -> 'occasions') o, LATERAL (SELECT (o ->> 'due_day')::int AS due) d
        WHERE v.protocol_id = %(knee)s""",
    # A series of weeks, for everybody, that nobody has answered yet; of those open now most are late.
    """
    INSERT INTO occasions (id, provider_id, person_id, enrolment_id, unit_id, code, titles, reasons, opens_at, due_at,
                           closes_at)
        SELECT gen_random_uuid(), provider_id, person_id, id, unit_id, 'week.' || n, '{"sv": "Vecka"}',
               '{"sv": "För"}', at - interval '3 days', at, at + interval '5 days'
        FROM enrolments, generate_series(1, 9) AS n,
             LATERAL (SELECT now() + (n - 1) * interval '7 days' + (random() * 10 - 5) * interval '1 day' AS at) w""",
    """
    INSERT INTO tasks (id, provider_id, person_id, occasion_id, position, instrument, instrument_version)
        SELECT gen_random_uuid(), provider_id, person_id, id, place, instrument, '1.0'
        FROM occasions, (VALUES (1, 'eq5d-5l'), (2, 'promis-anxiety')) AS asked (place, instrument)""",
    """
    CREATE TEMP TABLE made AS
        SELECT gen_random_uuid() AS id, e.id AS enrolment_id, e.provider_id, e.person_id, e.unit_id, v.protocol_id,
               now() - interval '700 days' * random() AS at, row_number() OVER () AS n,
               CASE WHEN random() < 0.5 THEN 'promis-anxiety' ELSE 'eq5d-5l' END AS instrument
        FROM (SELECT id, n FROM (SELECT id, row_number() OVER (ORDER BY person_id) AS n, count(*) OVER () AS m
                                 FROM enrolments WHERE provider_id = %(provider)s) ranked,
                     generate_series(1, CASE WHEN n = 1 THEN %(own)s ELSE %(others)s / (m - 1) + 1 END)) chosen
        JOIN enrolments e ON e.id = chosen.id JOIN care_protocol_versions v ON v.id = e.protocol_version_id""",
    """
    INSERT INTO occasions (id, provider_id, person_id, enrolment_id, unit_id, code, titles, reasons, opens_at, due_at,
                           closes_at, is_answered)
        SELECT id, provider_id, person_id, enrolment_id, unit_id, 'past.' || n, '{"sv": "Tidigare"}', '{"sv": "För"}',
               at - interval '3 days', at, at + interval '14 days', true FROM made""",
    """
    INSERT INTO tasks (id, provider_id, person_id, occasion_id, position, instrument, instrument_version)
        SELECT id, provider_id, person_id, id, 1, instrument, '1.0' FROM made""",
    """
    INSERT INTO notices_given (id, provider_id, person_id, occasion_id, notice_version, locale, given_at)
        SELECT id, provider_id, person_id, id, 'x', 'sv', at FROM made""",
    """
    INSERT INTO sessions (id, provider_id, person_id, occasion_id, task_id, notice_id, instrument, instrument_version,
                          instrument_hash, wording_id, locale, mode, respondent, started_at)
        SELECT m.id, provider_id, person_id, m.id, m.id, m.id, m.instrument, '1.0', 'x', w.id, 'sv', 'web', 'self', at
        FROM made m
        JOIN LATERAL (SELECT id FROM wordings w WHERE w.instrument = m.instrument AND locale = 'sv' LIMIT 1) w
            ON true""",
    """
    INSERT INTO responses (id, provider_id, person_id, session_id, unit_id, last_sequence, completed_at)
        SELECT id, provider_id, person_id, id, unit_id, 1, at FROM made""",
    """
    INSERT INTO scores (response_id, variable, provider_id, person_id, value, text, standard_error, method, method_hash,
                        algorithm)
        SELECT id, variable, provider_id, person_id, CASE WHEN NOT is_text THEN low + wide * random() END,
               CASE WHEN is_text THEN (11111 + 1111 * floor(3 * random()))::text END, error, 'm', 'h', 'a'
        FROM made JOIN (VALUES ('eq5d-5l', 'eq5d5l.profile', true, 0, 0, NULL),
                               ('eq5d-5l', 'eq5d5l.index', false, 0, 1, NULL),
                               ('eq5d-5l', 'eq5d5l.vas', false, 0, 100, NULL),
                               ('eq5d-5l', 'eq5d5l.lss', false, 5, 20, NULL),
                               ('promis-anxiety', 'promis_anxiety.t', false, 40, 30, 2.5),
                               ('promis-anxiety', 'promis_anxiety.n_items', false, 4, 8, NULL),
                               ('promis-anxiety', 'promis_anxiety.theta', false, -1, 2, 0.3))
            AS v (of, variable, is_text, low, wide, error) ON v.of = made.instrument""",
    """
    INSERT INTO deliveries (response_id, provider_id, person_id, unit_id, delivered_at, alarm_at)
        SELECT id, provider_id, person_id, unit_id, at, at + interval '3 days' FROM made""",
    """
    INSERT INTO receipts (response_id, provider_id, person_id, unit_id, staff_id, route, received_at)
        SELECT id, provider_id, person_id, unit_id, %(staff)s, 'opened_by_person', at FROM made WHERE n %% 500 > 0""",
    """
    INSERT INTO readings (response_id, provider_id, person_id, unit_id, staff_id, read_at)
        SELECT response_id, provider_id, person_id, unit_id, staff_id, received_at FROM receipts""",
    """
    INSERT INTO assessments (response_id, provider_id, person_id, unit_id, staff_id, assessed_at)
        SELECT response_id, r.provider_id, r.person_id, r.unit_id, staff_id, received_at
        FROM receipts r JOIN made m ON m.id = r.response_id WHERE n %% 100 > 0""",
    """
    INSERT INTO unit_flags (response_id, version, rule_version_id, provider_id, person_id, unit_id, value, flagged_at,
                            assess_by)
        SELECT m.id, 1, f.id, m.provider_id, m.person_id, m.unit_id, 66, at, at + interval '1 day'
        FROM made m, (SELECT id FROM unit_flag_rules LIMIT 1) f WHERE n %% 20 = 0""",
    """
    INSERT INTO worklist_entries (response_id, unit_id, provider_id, person_id, protocol_ids, delivered_at, received,
                                  assessed, flagged, assigned_to)
        SELECT m.id, unit_id, provider_id, person_id, ARRAY[protocol_id], at, n %% 500 > 0,
               n %% 500 > 0 AND n %% 100 > 0,
               n %% 20 = 0, CASE WHEN n %% 50 = 0 THEN %(staff)s::uuid END FROM made m""",
    # A notice for each occasion, and what was sent of those in the past: a few came back, a few were given up.
    """
    INSERT INTO notices (occasion_id, provider_id, person_id, next_at, unreached)
        SELECT id, provider_id, person_id, CASE WHEN NOT is_answered AND closes_at > now() THEN opens_at END,
               CASE WHEN NOT is_answered AND opens_at < now() AND closes_at > now() AND random() < 0.2
                    THEN 'no_address' END
        FROM occasions WHERE provider_id = %(provider)s""",
    """
    INSERT INTO dispatches (id, provider_id, person_id, occasion_id, kind, channel, created_at)
        SELECT gen_random_uuid(), provider_id, person_id, id, 'invitation', channel, at
        FROM made, unnest(ARRAY['inbox', 'email']) AS channel""",
    """
    INSERT INTO dispatches (id, provider_id, person_id, occasion_id, kind, channel, created_at)
        SELECT gen_random_uuid(), provider_id, person_id, id, 'invitation', 'email', opens_at
        FROM occasions WHERE provider_id = %(provider)s AND NOT is_answered AND opens_at < now()""",
    """
    INSERT INTO dispatch_attempts (id, dispatch_id, provider_id, person_id, outcome, attempted_at, gateway)
        SELECT gen_random_uuid(), id, provider_id, person_id,
               CASE WHEN random() < 0.02 THEN 'given_up' ELSE 'sent' END, created_at, 'mail'
        FROM dispatches WHERE provider_id = %(provider)s AND channel = 'email'""",
    """
    INSERT INTO dispatch_receipts (dispatch_id, provider_id, person_id, outcome, at)
        SELECT dispatch_id, provider_id, person_id, CASE WHEN random() < 0.05 THEN 'bounced' ELSE 'delivered' END,
               attempted_at
        FROM dispatch_attempts WHERE provider_id = %(provider)s AND outcome = 'sent' AND random() < 0.8""",
)

_VALUES = """
    SELECT (SELECT person_id FROM made GROUP BY person_id ORDER BY count(*) DESC LIMIT 1) AS person_id,
           (SELECT id FROM made WHERE unit_id = %(home)s AND n %% 500 > 0 LIMIT 1) AS response_id,
           (SELECT enrolment_id FROM made GROUP BY enrolment_id ORDER BY count(*) DESC LIMIT 1) AS enrolment_id,
           (SELECT id FROM occasions WHERE unit_id = %(home)s AND code = 'week.1' AND opens_at < now()
                AND closes_at > now() LIMIT 1) AS occasion_id,
           %(knee)s::uuid AS protocol_id"""
