"""The database itself keeps an administrator, whoever writes: somebody who can give powers.

The lock makes two who go at the same moment wait for each other. Rows that are deleted one by one
are guarded by ``accounts.receivers``; emptying the whole table, as tests do, is not.
"""

from setahub.core.db import constraints

LAST_ADMINISTRATOR = "administrator_one_stays"
ADMINISTRATORS_LOCK = "administrators"

_WAS = "OLD.is_active AND OLD.is_superuser AND OLD.is_staff"
_IS = "NEW.is_active AND NEW.is_superuser AND NEW.is_staff"
_OTHERS = """SELECT 1 FROM accounts_user u
        WHERE u.id <> NEW.id AND u.is_active AND u.is_superuser AND u.is_staff"""
_EVENT = "UPDATE OF is_active, is_superuser, is_staff"

CONSTRAINTS = constraints.Constraints(
    frozenset({"accounts_user"}),
    sqlite=[
        constraints.sqlite_trigger(
            LAST_ADMINISTRATOR,
            f"BEFORE {_EVENT} ON accounts_user"
            f" WHEN ({_WAS}) AND NOT ({_IS}) AND NOT EXISTS ({_OTHERS})",
            f"SELECT RAISE(ABORT, '{LAST_ADMINISTRATOR}');",
        )
    ],
    postgresql=[
        constraints.pg_trigger(
            LAST_ADMINISTRATOR,
            "accounts_user",
            f"BEFORE {_EVENT}",
            f"""IF ({_WAS}) AND NOT ({_IS}) THEN
                PERFORM pg_advisory_xact_lock({constraints.lock_key(ADMINISTRATORS_LOCK)});
                IF NOT EXISTS ({_OTHERS}) THEN
                    RAISE EXCEPTION '{LAST_ADMINISTRATOR}' USING ERRCODE = '23514';
                END IF;
            END IF;""",
        )
    ],
)
