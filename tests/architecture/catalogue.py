"""What the database's own catalogue must never show. Each rule returns one sentence for each breach it finds.

The rules read a migrated main database as its administrator. What is exempt is named here, with the reason; a name
here that exempts nothing any more is itself a breach, so the lists cannot rot.
"""

from collections.abc import Callable, Iterable
from typing import Any

from psycopg import Connection, sql

Rule = Callable[[Connection[Any]], list[str]]

RUNTIME_ROLES = (
    "survey_login", "survey_staff", "survey_patient", "survey_translator", "survey_gate",
    "survey_register", "survey_worker", "survey_operator", "survey_keys", "survey_record_system",
)  # fmt: skip
LOGIN_ROLES = ("survey_staff", "survey_patient", "survey_translator", "survey_gate", "survey_record_system")

NOT_PERSONAL = {
    "alembic_version": "the schema's revision",
    "providers": "organisations",
    "units": "organisations",
    "wordings": "approved texts, the same for everybody",
    "registers": "organisations, and their public keys",
    "agreements": "between a provider and a register",
    "agreement_variables": "names of variables",
    "agreement_item_answers": "names of instruments",
    "register_pseudonym_keys": "one key for each register, sealed under the master key",
    "deployment": "whether this database is for a demonstration",
    "translation_subjects": "names of instruments",
    "source_texts": "texts, the same for everybody",
    "wording_decisions": "of texts that are the same for everybody",
    "interface_versions": "approved texts, the same for everybody",
}

# Rows about a person that hang on no other row about that person.
NO_PERSONAL_PARENT = {
    "audit_events": "the log outlives what it tells of, and holds denials of what does not exist",
}

FOREIGN_KEYS_WITHOUT_OWNER = {
    ("answers", "session_id, supersedes", "answers"): "both rows are of one session, whose own key names the owner",
    ("responses", "session_id, last_sequence", "answers"): "the key to sessions beside it names the owner",
    (
        "feed_entries",
        "erasure_id, register_id",
        "erasure_orders",
    ): "an entry names an order to its register, and nobody",
    ("register_messages", "erasure_id, register_id", "erasure_orders"): "what a register confirms names nobody",
}

# A foreign key to an owner who may be left out: the table's checks say when.
OWNER_MAY_BE_NULL = {
    "sign_ins": "of one kind of user or another",
    "mandates": "a guardian answers to every provider, and the checks say that a proxy answers to one",
    "register_messages": "only a question is about a response; an objection names a person and no response",
}

# A policy that shows every row: only where no person can be named yet, or where the role may not read persons at all.
POLICIES_FOR_EVERY_ROW = {
    ("sign_ins", "survey_gate"): "the secret of the cookie is what finds the row, before anybody is known",
    ("handovers", "survey_gate"): "the secret of the code, then of the cookie, is what finds the row",
    ("letter_visits", "survey_gate"): "the secret of the cookie is what finds the row",
    ("held_answers", "survey_gate"): "sent when nobody is signed in any more; it is sealed under the person's key",
}

APPEND_ONLY = (
    "answers", "receipts", "readings", "assessments", "deliveries", "responses", "scores", "releases", "feed_entries",
    "audit_events", "notices_given", "wordings", "care_protocol_versions", "messages", "dispatches",
    "dispatch_attempts", "enrolment_events", "protocol_changes", "tasks", "agreement_variables",
    "commission_protocols", "emergency_accesses",
    "pushes", "delivery_attempts", "delivery_alarms",
    "licences", "licence_withdrawals", "rights_documents", "deployment",
    "translation_subjects", "source_texts", "translations", "translation_steps", "evidence_documents",
    "translation_comments", "glossary_terms", "wording_decisions", "interface_versions",
    "task_links", "shared_deliveries",
    "history_imports", "imported_responses", "imported_scores", "imported_answers",
    "unit_flag_rules", "unit_flags", "hand_overs", "staff_notes", "clinic_lists", "reminders", "non_responses",
)  # fmt: skip


def tables_without_row_security(connection: Connection[Any]) -> list[str]:
    """Every table of the public schema has row-level security, unless it is known to hold nothing about a person."""
    found = _rows(
        connection,
        """SELECT c.relname, c.relrowsecurity, {personal}
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')""",
    )
    personal = [name for name, _, has_person in found if has_person]
    return [
        *(f"{name} has no row-level security" for name, is_on, _ in found if not is_on and name not in NOT_PERSONAL),
        *(f"{name} is listed as not personal but has a person_id" for name in personal if name in NOT_PERSONAL),
        *_stale("NOT_PERSONAL", NOT_PERSONAL, [name for name, is_on, _ in found if not is_on]),
    ]


def tables_without_a_policy(connection: Connection[Any]) -> list[str]:
    """Where a role has a grant on a table with row-level security, it has a policy there too; and none is for PUBLIC.

    Without its policy a grant shows nothing, which hides a mistake until somebody adds a policy for all.
    """
    grants = _rows(
        connection,
        f"""SELECT DISTINCT c.relname, a.grantee FROM pg_class c, LATERAL ({_GRANTS}) a
            WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity""",
    )
    policies = {
        (table, role)
        for table, roles in _rows(
            connection, "SELECT tablename, roles::text[] FROM pg_policies WHERE permissive = 'PERMISSIVE'"
        )
        for role in roles
    }
    return [
        *(f"{table} is granted to {role} without a policy" for table, role in grants if (table, role) not in policies),
        *(f"{table} has a policy for everybody" for table, role in policies if role == "public"),
    ]


def policies_that_show_every_row(connection: Connection[Any]) -> list[str]:
    """A policy on rows about a person compares the row with the principal."""
    found = _rows(
        connection,
        """SELECT c.relname, r.rolname, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
           FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_roles r ON r.oid = ANY(p.polroles)
           WHERE {personal}""",
    )
    everything = [(table, role) for table, role, using, check in found if "true" in (using, check)]
    return [
        *(
            f"{table} shows every row to {role}"
            for table, role in everything
            if (table, role) not in POLICIES_FOR_EVERY_ROW
        ),
        *_stale("POLICIES_FOR_EVERY_ROW", POLICIES_FOR_EVERY_ROW, everything),
    ]


def foreign_keys_without_owner(connection: Connection[Any]) -> list[str]:
    """A foreign key includes provider_id and person_id wherever both tables have them: its check bypasses policies."""
    found = _rows(
        connection,
        """SELECT child.relname, parent.relname, keys.columns, keys.pairs, {columns_of_child}, {columns_of_parent}
           FROM pg_constraint f
           JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid,
           LATERAL (
               SELECT string_agg(a.attname, ', ' ORDER BY n) AS columns,
                      array_agg(a.attname || '=' || b.attname)::text[] AS pairs
               FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (mine, theirs, n)
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.mine
               JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.theirs
           ) keys
           WHERE f.contype = 'f' AND f.conparentid = 0 AND child.relnamespace = 'public'::regnamespace""",
    )
    breaches, exempt = [], []
    for child, parent, columns, pairs, of_child, of_parent in found:
        if (
            "person_id" in of_parent
            and "person_id" not in of_child
            and (child, columns, parent) in (FOREIGN_KEYS_WITHOUT_OWNER)
        ):
            exempt.append((child, columns, parent))
        elif "person_id" in of_parent and "person_id" not in of_child:
            breaches.append(f"{child} hangs on {parent} but has no person_id")
        owner = [one for one in ("provider_id", "person_id") if one in of_child and one in of_parent]
        missing = [one for one in owner if f"{one}={one}" not in pairs]
        if missing and (child, columns, parent) in FOREIGN_KEYS_WITHOUT_OWNER:
            exempt.append((child, columns, parent))
        elif missing:
            breaches.append(f"{child} ({columns}) refers to {parent} without {' and '.join(missing)}")
    return [*breaches, *_stale("FOREIGN_KEYS_WITHOUT_OWNER", FOREIGN_KEYS_WITHOUT_OWNER, exempt)]


def personal_tables_without_a_parent(connection: Connection[Any]) -> list[str]:
    """A row about a person hangs on a row that is known to be that person's."""
    found = _rows(
        connection,
        """SELECT c.relname, EXISTS (
               SELECT FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = ANY(f.conkey)
               WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attname = 'person_id')
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
             AND NOT c.relispartition AND {personal}""",
    )
    without = [name for name, has_parent in found if not has_parent]
    return [
        *(f"{name} has a person_id that refers to nothing" for name in without if name not in NO_PERSONAL_PARENT),
        *_stale("NO_PERSONAL_PARENT", NO_PERSONAL_PARENT, without),
    ]


def columns_that_may_be_null(connection: Connection[Any]) -> list[str]:
    """A composite key with an empty column is not checked at all: in a foreign key, the owner is never null."""
    found = _rows(
        connection,
        """SELECT DISTINCT c.relname, a.attname FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = ANY(f.conkey)
               WHERE f.contype = 'f' AND a.attname IN ('provider_id', 'person_id') AND NOT a.attnotnull
                 AND cardinality(f.conkey) > 1""",
    )
    return [
        *(f"{table}.{column} may be null" for table, column in found if table not in OWNER_MAY_BE_NULL),
        *_stale("OWNER_MAY_BE_NULL", OWNER_MAY_BE_NULL, [table for table, _ in found]),
    ]


def roles_with_power(connection: Connection[Any]) -> list[str]:
    """No runtime role is a superuser, bypasses policies, makes roles or databases, or owns anything."""
    attributes = _rows(
        connection,
        """SELECT rolname, attribute FROM pg_roles,
             LATERAL (VALUES ('is a superuser', rolsuper), ('bypasses row-level security', rolbypassrls),
                             ('may create roles', rolcreaterole), ('may create databases', rolcreatedb),
                             ('may replicate', rolreplication)) AS a (attribute, held)
           WHERE held AND rolname = ANY(%s)""",
        [*RUNTIME_ROLES, "survey_owner"],
    )
    owners = _rows(
        connection,
        """SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
           WHERE d.deptype = 'o' AND d.refclassid = 'pg_authid'::regclass AND r.rolname = ANY(%s)""",
        list(RUNTIME_ROLES),
    )
    missing = set(RUNTIME_ROLES) - {name for (name,) in _rows(connection, "SELECT rolname FROM pg_roles")}
    return [
        *(f"{role} {attribute}" for role, attribute in attributes),
        *(f"{role} owns something" for (role,) in owners),
        *(f"{role} does not exist" for role in sorted(missing)),
    ]


def roles_with_company(connection: Connection[Any]) -> list[str]:
    """No runtime role is a member of another: only the people's login may step into its five roles, one at a time."""
    found = _rows(
        connection,
        """SELECT m.rolname, g.rolname, a.inherit_option, a.admin_option FROM pg_auth_members a
           JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
           WHERE m.rolname = ANY(%(ours)s) OR g.rolname = ANY(%(ours)s)""",
        {"ours": [*RUNTIME_ROLES, "survey_owner"]},
    )
    return [
        f"{member} is a member of {group}" + (" and inherits it" if inherits else "") + (" as admin" if admin else "")
        for member, group, inherits, admin in found
        if member != "survey_login" or group not in LOGIN_ROLES or inherits or admin
    ]


def append_only_tables_that_can_change(connection: Connection[Any]) -> list[str]:
    """What is appended is neither changed nor removed: no such grant, on the table, its columns or its partitions."""
    found = _rows(
        connection,
        f"""SELECT c.relname, a.grantee, a.privilege FROM pg_class c
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent,
            LATERAL ({_GRANTS}) a
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND coalesce(parent.relname, c.relname) = ANY(%s)
              AND a.privilege IN ('UPDATE', 'DELETE', 'TRUNCATE')""",
        list(APPEND_ONLY),
    )
    tables = {name for (name,) in _rows(connection, "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
    return [
        *(f"{role} may {verb} {table}" for table, role, verb in found),
        *_stale("APPEND_ONLY", APPEND_ONLY, tables),
    ]


def functions_that_lend_power(connection: Connection[Any]) -> list[str]:
    """A function that runs as its owner has a search path of its own, ending in pg_temp, and is not for everybody."""
    found = _rows(
        connection,
        """SELECT p.oid::regprocedure::text, (SELECT c FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%%'),
                  p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
           FROM pg_proc p WHERE p.prosecdef
             AND p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'jobs'))""",
    )
    return [
        *(f"{name} has no search path of its own" for name, path, _ in found if path is None),
        *(f"{name} can be misled by a temporary table" for name, path, _ in found if path and "pg_temp" not in path),
        *(f"{name} may be executed by everybody" for name, _, is_public in found if is_public),
    ]


def enumerated_types(connection: Connection[Any]) -> list[str]:
    """No enum: its comparison is not leakproof, so indexes are of no use under row-level security."""
    return [
        f"{name} is an enum"
        for (name,) in _rows(
            connection,
            "SELECT typname FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace",
        )
    ]


def partitions_in_the_open(connection: Connection[Any]) -> list[str]:
    """A partition is reached through its parent only: row-level security of its own, no policy, no grant."""
    found = _rows(
        connection,
        f"""SELECT c.relname, c.relrowsecurity, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid),
                   EXISTS (SELECT FROM ({_GRANTS}) a)
            FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'""",
    )
    return [
        *(f"{name} is a partition without row-level security" for name, is_on, _, _ in found if not is_on),
        *(f"{name} is a partition with a policy of its own" for name, _, has_policy, _ in found if has_policy),
        *(f"{name} is a partition with a grant of its own" for name, _, _, is_granted in found if is_granted),
    ]


def grants_to_everybody(connection: Connection[Any]) -> list[str]:
    """PUBLIC has nothing, so that a new login begins with nothing."""
    tables = _rows(
        connection,
        f"""SELECT c.relname, a.privilege FROM pg_class c, LATERAL ({_GRANTS}) a
            WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'jobs'))
              AND a.public""",
    )
    schemas = _rows(
        connection,
        """SELECT n.nspname, a.privilege_type FROM pg_namespace n, LATERAL aclexplode(n.nspacl) a
           WHERE n.nspname IN ('public', 'jobs') AND a.grantee = 0""",
    )
    return [f"everybody may {verb} {name}" for name, verb in [*tables, *schemas]]


RULES: tuple[Rule, ...] = (
    tables_without_row_security,
    tables_without_a_policy,
    policies_that_show_every_row,
    foreign_keys_without_owner,
    personal_tables_without_a_parent,
    columns_that_may_be_null,
    roles_with_power,
    roles_with_company,
    append_only_tables_that_can_change,
    functions_that_lend_power,
    enumerated_types,
    partitions_in_the_open,
    grants_to_everybody,
)

# Every grant on a relation c to others than its owner, on single columns too.
_GRANTS = """
    SELECT CASE WHEN e.grantee = 0 THEN 'public' ELSE e.grantee::regrole::text END::name AS grantee,
           e.privilege_type AS privilege, e.grantee = 0 AS public
    FROM (SELECT c.relacl AS acl UNION ALL SELECT t.attacl FROM pg_attribute t WHERE t.attrelid = c.oid) acls,
         LATERAL aclexplode(acls.acl) e WHERE e.grantee <> c.relowner"""


def _columns(table: str) -> str:
    return f"(SELECT array_agg(attname)::text[] FROM pg_attribute WHERE attrelid = {table}.oid AND attnum > 0)"


_PIECES = {
    "personal": f"'person_id' = ANY({_columns('c')}::text[])",
    "columns_of_child": _columns("child"),
    "columns_of_parent": _columns("parent"),
}


def _rows(connection: Connection[Any], query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    for name, piece in _PIECES.items():
        query = query.replace(f"{{{name}}}", piece)
    arguments = [parameters] if isinstance(parameters, list) else parameters
    return connection.execute(sql.SQL(query), arguments).fetchall()


def _stale(name: str, listed: Iterable[Any], real: Iterable[Any]) -> list[str]:
    return [f"{name} lists {one}, which is no longer so" for one in listed if one not in set(real)]
