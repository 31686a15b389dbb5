"""Row-level security in the words that every migration uses.

A policy compares only columns of its own row with the principal's settings: policies that read each other's tables
recurse. Steps that have run never change, so neither does the SQL these functions return: add a function instead.
"""

PROVIDER = "provider_id = nullif(current_setting('app.provider', true), '')::uuid"
PERSON = "person_id = nullif(current_setting('app.person', true), '')::uuid"
REGISTER = "register_id = nullif(current_setting('app.register', true), '')::uuid"
ACTOR = "actor_id = nullif(current_setting('app.actor', true), '')::uuid"
ANYBODY = "true"

_ROLES = {
    "staff": ("survey_staff", PROVIDER),
    "patient": ("survey_patient", PERSON),
    "worker": ("survey_worker", PROVIDER),
    "register": ("survey_register", REGISTER),
    "gate": ("survey_gate", ANYBODY),
    "operator": ("survey_operator", ANYBODY),
    "translator": ("survey_translator", ANYBODY),
}


def enable(table: str) -> str:
    """Nobody but the owner sees a row until a policy says so."""
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"


def allow(table: str, *, condition: str | None = None, **verbs: str) -> str:
    """Grant each role its verbs on the rows that are its own (or on those that meet ``condition``).

    ``allow("answers", patient="SELECT, INSERT")`` grants the patient's role those verbs on that person's rows.
    """
    return "\n".join(_allow_role(table, role, granted, condition) for role, granted in verbs.items())


def protect(table: str, **verbs: str) -> str:
    """``enable`` and ``allow`` in one."""
    return f"{enable(table)}\n{allow(table, **verbs)}"


def _allow_role(table: str, role: str, verbs: str, condition: str | None) -> str:
    name, own_rows = _ROLES[role]
    rows = condition or own_rows
    return (
        f"GRANT {verbs} ON {table} TO {name};\n"
        f"CREATE POLICY {role} ON {table} TO {name} USING ({rows}) WITH CHECK ({rows});"
    )
