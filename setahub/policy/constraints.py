"""What the database itself refuses of the policy, whoever writes: exam weeks that overlap.

A trigger and no exclusion constraint, so that a database that has such weeks from before can be
upgraded; the lock makes those who write at the same moment wait for each other.
"""

from setahub.core.db import constraints

EXAM_WEEK_OVERLAP = "examweek_no_overlap"
LOCK = "exam weeks"

_OVERLAPS = """SELECT 1 FROM setahub_examweek w WHERE w.id <> COALESCE(NEW.id, -1)
        AND w.first_day <= NEW.last_day AND w.last_day >= NEW.first_day"""
_EVENTS = ("INSERT", "UPDATE OF first_day, last_day")

CONSTRAINTS = constraints.Constraints(
    frozenset({"setahub_examweek"}),
    sqlite=[
        constraints.sqlite_trigger(
            f"{EXAM_WEEK_OVERLAP}_{event.split()[0].lower()}",
            f"BEFORE {event} ON setahub_examweek WHEN EXISTS ({_OVERLAPS})",
            f"SELECT RAISE(ABORT, '{EXAM_WEEK_OVERLAP}');",
        )
        for event in _EVENTS
    ],
    postgresql=[
        constraints.pg_trigger(
            EXAM_WEEK_OVERLAP,
            "setahub_examweek",
            f"BEFORE {' OR '.join(_EVENTS)}",
            f"""PERFORM pg_advisory_xact_lock({constraints.lock_key(LOCK)});
            IF EXISTS ({_OVERLAPS}) THEN
                RAISE EXCEPTION '{EXAM_WEEK_OVERLAP}' USING ERRCODE = '23514';
            END IF;""",
        )
    ],
)
