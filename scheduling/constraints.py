"""What the database itself refuses, whoever writes: two appointments of one TA at one time, more
active bookings and held seats than there are, anybody in two places.

PostgreSQL uses exclusion constraints and a trigger function, SQLite triggers. Both are installed
idempotently after every ``migrate``. The names below reach the program inside IntegrityError.
"""

from setahub.core.db import constraints

APPOINTMENT_OVERLAP = "appointment_no_overlap"
COMMITMENT_OVERLAP = "commitment_no_overlap"
OVERBOOKED = "timeslot_not_overbooked"
WRONG_TA = "booking_ta_is_the_slots"

TABLES = frozenset(
    {
        "accounts_user",
        "scheduling_appointment",
        "scheduling_timeslot",
        "scheduling_booking",
        "scheduling_commitment",
        "scheduling_offer",
        "scheduling_freedseat",
    }
)

# A booking that is or becomes active takes a seat and its two people's time; one that was, gives
# them back. The same two statements serve both engines.
_RELEASE = """
    UPDATE scheduling_timeslot SET taken = taken - 1 WHERE id = OLD.slot_id;
    DELETE FROM scheduling_commitment WHERE booking_id = OLD.id;
"""
_TAKE = """
    UPDATE scheduling_timeslot SET taken = taken + 1 WHERE id = NEW.slot_id;
    INSERT INTO scheduling_commitment (booking_id, slot_id, person_id, role, starts_at, ends_at)
        SELECT NEW.id, s.id, NEW.student_id, 'student', s.starts_at, s.ends_at
        FROM scheduling_timeslot s WHERE s.id = NEW.slot_id;
    INSERT INTO scheduling_commitment (booking_id, slot_id, person_id, role, starts_at, ends_at)
        SELECT NEW.id, s.id, NEW.ta_id, 'ta', s.starts_at, s.ends_at
        FROM scheduling_timeslot s WHERE s.id = NEW.slot_id;
"""
_FOLLOW = """
    UPDATE scheduling_booking SET starts_at = NEW.starts_at, ends_at = NEW.ends_at
        WHERE slot_id = NEW.id;
    UPDATE scheduling_commitment SET starts_at = NEW.starts_at, ends_at = NEW.ends_at
        WHERE slot_id = NEW.id;
"""
# An open offer holds a seat; a freed one waits to be matched.
_HOLD = "UPDATE scheduling_timeslot SET held = held + 1 WHERE id = NEW.slot_id;"
_LET_GO = "UPDATE scheduling_timeslot SET held = held - 1 WHERE id = OLD.slot_id;"
_FREED = "UPDATE scheduling_timeslot SET freed = freed + 1 WHERE id = NEW.slot_id;"
_MATCHED = "UPDATE scheduling_timeslot SET freed = freed - 1 WHERE id = OLD.slot_id;"
# Else the time of the wrong person would be taken.
_OTHER_TA = """NEW.ta_id <> (SELECT a.ta_id FROM scheduling_timeslot s
        JOIN scheduling_appointment a ON a.id = s.appointment_id WHERE s.id = NEW.slot_id)"""
_WHOLE = "slot_id, student_id, ta_id, status"

POSTGRESQL = [
    constraints.pg_exclusion(
        APPOINTMENT_OVERLAP,
        "scheduling_appointment",
        "ta_id WITH =, tstzrange(starts_at, ends_at) WITH &&",
        where="cancelled_at IS NULL",
    ),
    constraints.pg_exclusion(
        COMMITMENT_OVERLAP,
        "scheduling_commitment",
        "person_id WITH =, slot_id WITH <>, tstzrange(starts_at, ends_at) WITH &&",
    ),
    constraints.pg_trigger(
        WRONG_TA,
        "scheduling_booking",
        "BEFORE INSERT OR UPDATE OF slot_id, ta_id",
        # A check_violation, so that programs meet it as an IntegrityError.
        f"IF {_OTHER_TA} THEN RAISE EXCEPTION '{WRONG_TA}' USING ERRCODE = '23514'; END IF;",
    ),
    constraints.pg_trigger(
        "booking_release",
        "scheduling_booking",
        f"BEFORE DELETE OR UPDATE OF {_WHOLE}",
        f"IF OLD.status = 'booked' THEN {_RELEASE} END IF;"
        " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;",
    ),
    constraints.pg_trigger(
        "booking_take",
        "scheduling_booking",
        f"AFTER INSERT OR UPDATE OF {_WHOLE}",
        f"IF NEW.status = 'booked' THEN {_TAKE} END IF;",
    ),
    constraints.pg_trigger(
        "offer_let_go",
        "scheduling_offer",
        "BEFORE DELETE OR UPDATE OF slot_id, status",
        f"IF OLD.status = 'open' THEN {_LET_GO} END IF;"
        " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;",
    ),
    constraints.pg_trigger(
        "offer_hold",
        "scheduling_offer",
        "AFTER INSERT OR UPDATE OF slot_id, status",
        f"IF NEW.status = 'open' THEN {_HOLD} END IF;",
    ),
    constraints.pg_trigger("seat_freed", "scheduling_freedseat", "AFTER INSERT", _FREED),
    constraints.pg_trigger(
        "seat_matched", "scheduling_freedseat", "BEFORE DELETE", f"{_MATCHED} RETURN OLD;"
    ),
    constraints.pg_trigger(
        "timeslot_follow", "scheduling_timeslot", "AFTER UPDATE OF starts_at, ends_at", _FOLLOW
    ),
]


def _overlap(
    name: str, event: str, table: str, same: str, when: str = ""
) -> constraints.Constraint:
    """A SQLite trigger that aborts with ``name`` when NEW shares time with a row of ``same``."""
    return constraints.sqlite_trigger(
        f"{name}_{event.split()[0].lower()}",
        f"BEFORE {event} ON {table} {when}",
        f"""SELECT RAISE(ABORT, '{name}') FROM {table} AS old
            WHERE old.id <> COALESCE(NEW.id, -1) AND {same}
            AND old.starts_at < NEW.ends_at AND old.ends_at > NEW.starts_at;""",  # noqa: S608
    )


_SAME_TA = "old.ta_id = NEW.ta_id AND old.cancelled_at IS NULL"
_SAME_PERSON = "old.person_id = NEW.person_id AND old.slot_id <> NEW.slot_id"
_OPEN = "WHEN NEW.cancelled_at IS NULL"
_APPOINTMENT = "scheduling_appointment"
_COMMITMENT = "scheduling_commitment"

SQLITE = [
    *(
        constraints.sqlite_trigger(
            f"{WRONG_TA}_{event.split()[0].lower()}",
            f"BEFORE {event} ON scheduling_booking WHEN {_OTHER_TA}",
            f"SELECT RAISE(ABORT, '{WRONG_TA}');",
        )
        for event in ("INSERT", "UPDATE OF slot_id, ta_id")
    ),
    _overlap(APPOINTMENT_OVERLAP, "INSERT", _APPOINTMENT, _SAME_TA, _OPEN),
    _overlap(
        APPOINTMENT_OVERLAP,
        "UPDATE OF ta_id, starts_at, ends_at, cancelled_at",
        _APPOINTMENT,
        _SAME_TA,
        _OPEN,
    ),
    _overlap(COMMITMENT_OVERLAP, "INSERT", _COMMITMENT, _SAME_PERSON),
    _overlap(
        COMMITMENT_OVERLAP, "UPDATE OF person_id, starts_at, ends_at", _COMMITMENT, _SAME_PERSON
    ),
    constraints.sqlite_trigger(
        "booking_insert_take",
        "AFTER INSERT ON scheduling_booking WHEN NEW.status = 'booked'",
        _TAKE,
    ),
    constraints.sqlite_trigger(
        "booking_update_release",
        f"BEFORE UPDATE OF {_WHOLE} ON scheduling_booking WHEN OLD.status = 'booked'",
        _RELEASE,
    ),
    constraints.sqlite_trigger(
        "booking_update_take",
        f"AFTER UPDATE OF {_WHOLE} ON scheduling_booking WHEN NEW.status = 'booked'",
        _TAKE,
    ),
    constraints.sqlite_trigger(
        "booking_delete_release",
        "BEFORE DELETE ON scheduling_booking WHEN OLD.status = 'booked'",
        _RELEASE,
    ),
    constraints.sqlite_trigger(
        "offer_insert_hold", "AFTER INSERT ON scheduling_offer WHEN NEW.status = 'open'", _HOLD
    ),
    constraints.sqlite_trigger(
        "offer_update_let_go",
        "BEFORE UPDATE OF slot_id, status ON scheduling_offer WHEN OLD.status = 'open'",
        _LET_GO,
    ),
    constraints.sqlite_trigger(
        "offer_update_hold",
        "AFTER UPDATE OF slot_id, status ON scheduling_offer WHEN NEW.status = 'open'",
        _HOLD,
    ),
    constraints.sqlite_trigger(
        "offer_delete_let_go",
        "BEFORE DELETE ON scheduling_offer WHEN OLD.status = 'open'",
        _LET_GO,
    ),
    constraints.sqlite_trigger("seat_freed", "AFTER INSERT ON scheduling_freedseat", _FREED),
    constraints.sqlite_trigger("seat_matched", "BEFORE DELETE ON scheduling_freedseat", _MATCHED),
    constraints.sqlite_trigger(
        "timeslot_follow", "AFTER UPDATE OF starts_at, ends_at ON scheduling_timeslot", _FOLLOW
    ),
]

CONSTRAINTS = constraints.Constraints(TABLES, SQLITE, POSTGRESQL)
