"""What must hold in the database whatever happened, each as SQL that finds the rows that break it.

Plain SQL for both engines, on purpose not by the program's own querysets: they would repeat its
mistakes. ``:event`` is the newest history line from before the storm, ``:began`` when that began;
what is earlier may be seeded.
``:swept`` is when the last sweep began: what was due before it is done. ``:monday`` is the one on or
before the day of ``s.starts_at`` where the faculty is, which each engine has words of its own for.
"""

import re
from datetime import UTC, datetime
from typing import Any

# SQLite knows no zones: Bangkok's is the one that storms are in.
MONDAY = {
    "postgresql": "date_trunc('week', s.starts_at AT TIME ZONE 'Asia/Bangkok')",
    "sqlite": "date(s.starts_at, '+7 hours', '-6 days', 'weekday 1')",
}

BROKEN: dict[str, str] = {
    # --- Seats ---------------------------------------------------------------------------------
    "a slot has no more taken and held seats than it has": """
        SELECT id FROM scheduling_timeslot WHERE taken + held > capacity""",
    "a slot counts its open offers rightly": """
        SELECT s.id FROM scheduling_timeslot s
        LEFT JOIN scheduling_offer o ON o.slot_id = s.id AND o.status = 'open'
        GROUP BY s.id, s.held HAVING count(o.id) <> s.held""",
    "a slot counts its freed seats rightly": """
        SELECT s.id FROM scheduling_timeslot s
        LEFT JOIN scheduling_freedseat f ON f.slot_id = s.id
        GROUP BY s.id, s.freed HAVING count(f.id) <> s.freed""",
    "nobody is offered two times at once, or one twice": """
        SELECT student_id FROM scheduling_offer WHERE status = 'open'
        GROUP BY student_id HAVING count(*) > 1""",
    "no open offer is of a time that was taken off": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_timeslot s ON s.id = o.slot_id
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        WHERE o.status = 'open' AND (s.withdrawn OR a.cancelled_at IS NOT NULL)""",
    "an open request is one that its owner waits for": """
        SELECT r.id FROM scheduling_helprequest r WHERE r.status = 'open' AND NOT EXISTS (
            SELECT 1 FROM scheduling_placeinline p
            WHERE p.request_id = r.id AND p.person_id = r.student_id AND p.ended_at IS NULL)""",
    "a slot counts its active bookings rightly": """
        SELECT s.id FROM scheduling_timeslot s
        LEFT JOIN scheduling_booking b ON b.slot_id = s.id AND b.status = 'booked'
        GROUP BY s.id, s.taken HAVING count(b.id) <> s.taken""",
    "nobody has two seats in one slot": """
        SELECT slot_id FROM scheduling_booking WHERE status = 'booked'
        GROUP BY slot_id, student_id HAVING count(*) > 1""",
    "no active booking is in a slot that was taken off": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_timeslot s ON s.id = b.slot_id
        WHERE b.status = 'booked' AND s.withdrawn""",
    "no active booking is in a cancelled session": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_timeslot s ON s.id = b.slot_id
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        WHERE b.status = 'booked' AND a.cancelled_at IS NOT NULL""",
    "a booking is at the time of its slot": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_timeslot s ON s.id = b.slot_id
        WHERE b.status = 'booked' AND (b.starts_at <> s.starts_at OR b.ends_at <> s.ends_at)""",
    "a booking is with the TA of its session": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_timeslot s ON s.id = b.slot_id
        JOIN scheduling_appointment a ON a.id = s.appointment_id WHERE b.ta_id <> a.ta_id""",
    "who has checked in did not stay away": """
        SELECT id FROM scheduling_booking WHERE status = 'no_show' AND checked_in_at IS NOT NULL""",
    "nobody books themselves": """
        SELECT id FROM scheduling_booking WHERE student_id = ta_id""",
    "an active booking is for a topic of its session": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_timeslot s ON s.id = b.slot_id
        WHERE b.status = 'booked' AND NOT EXISTS (
            SELECT 1 FROM scheduling_appointment_topics t
            WHERE t.appointment_id = s.appointment_id AND t.topic_id = b.topic_id)""",
    # --- Waiting -------------------------------------------------------------------------------
    "nobody was offered one time twice, unless it was taken from them": """
        SELECT slot_id FROM scheduling_offer WHERE status <> 'withdrawn'
        GROUP BY slot_id, student_id HAVING count(*) > 1""",
    "an offer that ran out was ended by the sweep": """
        SELECT id FROM scheduling_offer WHERE status = 'open' AND expires_at < ':swept'""",
    "a freed seat was matched by the sweep": """
        SELECT id FROM scheduling_freedseat WHERE created_at < ':swept'""",
    "an open offer is for somebody who waits": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_placeinline p ON p.id = o.place_id
        WHERE o.status = 'open' AND (p.ended_at IS NOT NULL OR p.person_id <> o.student_id)""",
    "an open offer is for a topic of its session": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_timeslot s ON s.id = o.slot_id
        JOIN scheduling_helprequest r ON r.id = o.request_id
        WHERE o.status = 'open' AND NOT EXISTS (
            SELECT 1 FROM scheduling_appointment_topics t
            WHERE t.appointment_id = s.appointment_id AND t.topic_id = r.topic_id)""",
    "nothing is held over a block": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_timeslot s ON s.id = o.slot_id
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        JOIN accounts_block b ON (b.blocker_id = a.ta_id AND b.blocked_id = o.student_id)
            OR (b.blocker_id = o.student_id AND b.blocked_id = a.ta_id)
        WHERE o.status = 'open'""",
    "nobody waits beside or for somebody over a block": """
        SELECT p.id FROM scheduling_placeinline p
        JOIN scheduling_helprequest r ON r.id = p.request_id
        JOIN accounts_block b ON (b.blocker_id = p.person_id AND b.blocked_id IN (r.student_id, r.ta_id))
            OR (b.blocked_id = p.person_id AND b.blocker_id IN (r.student_id, r.ta_id))
        WHERE p.ended_at IS NULL""",
    "a taken offer was booked": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_helprequest r ON r.id = o.request_id
        WHERE o.status = 'taken' AND NOT EXISTS (
            SELECT 1 FROM scheduling_booking b
            WHERE b.student_id = o.student_id AND b.topic_id = r.topic_id)""",
    "an offer says when it ended, an open one does not": """
        SELECT id FROM scheduling_offer WHERE (status = 'open') = (ended_at IS NOT NULL)""",
    "a place says how it ended, a waiting one does not": """
        SELECT id FROM scheduling_placeinline WHERE (ended_at IS NULL) <> ("end" = '')""",
    "nobody waits for more than they may": """
        SELECT person_id FROM scheduling_placeinline WHERE ended_at IS NULL
        GROUP BY person_id HAVING count(*) > 3""",
    "nobody waits for what they have booked since": """
        SELECT p.id FROM scheduling_placeinline p
        JOIN scheduling_helprequest r ON r.id = p.request_id
        JOIN scheduling_booking b ON b.student_id = p.person_id AND b.topic_id = r.topic_id
            AND (r.ta_id IS NULL OR r.ta_id = b.ta_id) AND b.created_at > p.created_at
        WHERE p.ended_at IS NULL""",
    # --- A TA's own limits ---------------------------------------------------------------------
    "nothing is spared for a TA without limits": """
        SELECT s.id FROM scheduling_timeslot s
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        WHERE s.spared AND NOT EXISTS (
            SELECT 1 FROM scheduling_teachinglimits l WHERE l.ta_id = a.ta_id)""",
    "a time to come is spared exactly when its TA's limits say so": """
        WITH RECURSIVE slots AS (
            SELECT s.id, a.ta_id, s.starts_at, s.ends_at, s.spared, a.cancelled_at,
                :monday AS monday, l.weekly_slots, l.slots_in_a_row, l.back_at,
                (s.held > 0 OR EXISTS (SELECT 1 FROM scheduling_booking b
                    WHERE b.slot_id = s.id AND b.status <> 'cancelled')) AS engaged
            FROM scheduling_timeslot s
            JOIN scheduling_appointment a ON a.id = s.appointment_id
            JOIN scheduling_teachinglimits l ON l.ta_id = a.ta_id
            WHERE NOT s.withdrawn),
        stretch (ta_id, starts_at, ends_at, length) AS (
            SELECT ta_id, starts_at, ends_at, 1 FROM slots WHERE engaged
            UNION
            SELECT t.ta_id, t.starts_at, e.ends_at, t.length + 1 FROM stretch t
            JOIN slots e ON e.ta_id = t.ta_id AND e.starts_at = t.ends_at AND e.engaged)
        SELECT s.id FROM slots s
        WHERE s.starts_at > ':swept' AND s.cancelled_at IS NULL AND s.spared <> CASE
            WHEN s.back_at IS NOT NULL AND s.starts_at < s.back_at THEN TRUE
            WHEN s.engaged THEN FALSE
            WHEN s.weekly_slots IS NOT NULL AND s.weekly_slots <= (
                SELECT count(*) FROM slots e
                WHERE e.ta_id = s.ta_id AND e.engaged AND e.monday = s.monday) THEN TRUE
            WHEN s.slots_in_a_row IS NOT NULL AND s.slots_in_a_row < 1
                + coalesce((SELECT max(length) FROM stretch t
                    WHERE t.ta_id = s.ta_id AND t.ends_at = s.starts_at), 0)
                + coalesce((SELECT max(length) FROM stretch t
                    WHERE t.ta_id = s.ta_id AND t.starts_at = s.ends_at), 0) THEN TRUE
            ELSE FALSE END""",
    "nothing is held while its TA is away": """
        SELECT o.id FROM scheduling_offer o JOIN scheduling_timeslot s ON s.id = o.slot_id
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        JOIN scheduling_teachinglimits l ON l.ta_id = a.ta_id
        WHERE o.status = 'open' AND s.starts_at < l.back_at""",
    # --- What remains of a session --------------------------------------------------------------
    "who has checked in did so while it lasted, by a line of its history": """
        SELECT b.id FROM scheduling_booking b WHERE b.checked_in_at IS NOT NULL AND (
            b.status = 'cancelled' OR b.checked_in_at >= b.ends_at OR NOT EXISTS (
                SELECT 1 FROM scheduling_bookingevent e
                WHERE e.booking_id = b.id AND e.kind = 'checked_in'))""",
    "nothing remains of a booking that was cancelled": """
        SELECT b.id FROM scheduling_booking b WHERE b.status = 'cancelled' AND (
            EXISTS (SELECT 1 FROM scheduling_takeaway t WHERE t.booking_id = b.id)
            OR EXISTS (SELECT 1 FROM scheduling_thanks t WHERE t.booking_id = b.id))""",
    "a takeaway has one card, and one notice for its student": """
        SELECT t.id FROM scheduling_takeaway t JOIN scheduling_booking b ON b.id = t.booking_id
        WHERE t.created_at > ':began' AND (
            1 <> (SELECT count(*) FROM chat_message m WHERE m.takeaway_id = t.id)
            OR 1 <> (SELECT count(*) FROM accounts_notice n
                WHERE n.user_id = b.student_id AND n.key = 'takeaway-' || b.id))""",
    "what a TA is shown was left to the student of the booking, on its topic, for another": """
        SELECT b.id FROM scheduling_booking b
        JOIN scheduling_takeaway t ON t.id = b.shown_takeaway_id
        JOIN scheduling_booking earlier ON earlier.id = t.booking_id
        WHERE earlier.id = b.id OR earlier.student_id <> b.student_id
            OR earlier.topic_id <> b.topic_id""",
    "thanks in words are told to their TA once": """
        SELECT t.id FROM scheduling_thanks t JOIN scheduling_booking b ON b.id = t.booking_id
        WHERE t.created_at > ':began' AND t.text <> '' AND 1 <> (SELECT count(*) FROM accounts_notice n
            WHERE n.user_id = b.ta_id AND n.key = 'thanks-' || b.id)""",
    "a record that stands says whose it is, of which days, as no other does": """
        SELECT min(id) FROM scheduling_record WHERE "end" = ''
        GROUP BY ta_id, name, from_day, to_day, CAST(sums AS text), CAST(topics AS text)
        HAVING count(*) > 1 OR name = '' OR from_day IS NULL OR to_day IS NULL OR to_day < from_day""",
    "a record says when it ended, one that stands does not": """
        SELECT id FROM scheduling_record WHERE ("end" = '') <> (ended_at IS NULL)""",
    # --- Notices -------------------------------------------------------------------------------
    "a happening is told once to each": """
        SELECT user_id FROM accounts_notice GROUP BY user_id, key HAVING count(*) > 1""",
    "what was made or moved is told to both": """
        SELECT e.id FROM scheduling_bookingevent e
        JOIN scheduling_booking b ON b.id = e.booking_id
        LEFT JOIN accounts_notice n ON n.user_id IN (b.student_id, b.ta_id)
            AND n.key = 'booking-' || b.id || '-' || e.id
        WHERE e.id > :event AND e.kind IN ('made', 'moved')
        GROUP BY e.id HAVING count(n.id) <> 2""",
    "what one did oneself is read": """
        SELECT n.id FROM accounts_notice n
        JOIN scheduling_bookingevent e ON n.user_id = e.actor_id
            AND n.key = 'booking-' || e.booking_id || '-' || e.id
        WHERE e.id > :event AND n.read_at IS NULL""",
    "an offer is told to its person, and so is its running out": """
        SELECT o.id FROM scheduling_offer o
        WHERE o.created_at > ':began' AND (
            NOT EXISTS (SELECT 1 FROM accounts_notice n
                WHERE n.user_id = o.student_id AND n.key = 'offer-' || o.id || '-open')
            OR o.status = 'expired' AND NOT EXISTS (SELECT 1 FROM accounts_notice n
                WHERE n.user_id = o.student_id AND n.key = 'offer-' || o.id || '-expired'))""",
    # --- Time ----------------------------------------------------------------------------------
    "an active booking commits exactly its two people": """
        SELECT b.id FROM scheduling_booking b
        LEFT JOIN scheduling_commitment c ON c.booking_id = b.id
            AND c.slot_id = b.slot_id AND c.starts_at = b.starts_at AND c.ends_at = b.ends_at
            AND ((c.role = 'student' AND c.person_id = b.student_id)
                OR (c.role = 'ta' AND c.person_id = b.ta_id))
        WHERE b.status = 'booked' GROUP BY b.id HAVING count(c.id) <> 2""",
    "nothing but an active booking commits anybody": """
        SELECT c.id FROM scheduling_commitment c JOIN scheduling_booking b ON b.id = c.booking_id
        WHERE b.status <> 'booked'""",
    "no booking commits more than two": """
        SELECT booking_id FROM scheduling_commitment GROUP BY booking_id HAVING count(*) > 2""",
    "nobody is in two places at once": """
        SELECT one.id FROM scheduling_commitment one JOIN scheduling_commitment other
            ON other.person_id = one.person_id AND other.id > one.id
            AND other.slot_id <> one.slot_id
            AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at""",
    "no two sessions of a TA overlap": """
        SELECT one.id FROM scheduling_appointment one JOIN scheduling_appointment other
            ON other.ta_id = one.ta_id AND other.id > one.id
            AND other.cancelled_at IS NULL AND one.cancelled_at IS NULL
            AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at""",
    "a slot lies within its session": """
        SELECT s.id FROM scheduling_timeslot s
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        WHERE NOT s.withdrawn AND (s.starts_at < a.starts_at OR s.ends_at > a.ends_at)""",
    "no two slots of a session overlap": """
        SELECT one.id FROM scheduling_timeslot one JOIN scheduling_timeslot other
            ON other.appointment_id = one.appointment_id AND other.id > one.id
            AND NOT one.withdrawn AND NOT other.withdrawn
            AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at""",
    "a slot has as many seats as its session says": """
        SELECT s.id FROM scheduling_timeslot s
        JOIN scheduling_appointment a ON a.id = s.appointment_id
        WHERE NOT s.withdrawn AND s.capacity <> a.capacity""",
    "a session has a slot and a topic": """
        SELECT a.id FROM scheduling_appointment a WHERE a.cancelled_at IS NULL AND (
            NOT EXISTS (SELECT 1 FROM scheduling_appointment_topics t
                        WHERE t.appointment_id = a.id)
            OR NOT EXISTS (SELECT 1 FROM scheduling_timeslot s
                           WHERE s.appointment_id = a.id AND NOT s.withdrawn))""",
    # --- History -------------------------------------------------------------------------------
    "a booking was made once": """
        SELECT b.id FROM scheduling_booking b
        LEFT JOIN scheduling_bookingevent e ON e.booking_id = b.id AND e.kind = 'made'
        GROUP BY b.id HAVING count(e.id) <> 1""",
    "a cancelled booking was cancelled once, another never": """
        SELECT b.id FROM scheduling_booking b
        LEFT JOIN scheduling_bookingevent e ON e.booking_id = b.id AND e.kind = 'cancelled'
        GROUP BY b.id, b.status
        HAVING count(e.id) <> CASE WHEN b.status = 'cancelled' THEN 1 ELSE 0 END""",
    "when it was cancelled is told of cancelled ones alone": """
        SELECT id FROM scheduling_booking
        WHERE (status = 'cancelled') <> (cancelled_at IS NOT NULL)""",
    "nothing follows a cancellation": """
        SELECT e.id FROM scheduling_bookingevent e JOIN scheduling_bookingevent c
            ON c.booking_id = e.booking_id AND c.kind = 'cancelled' AND e.id > c.id""",
    "the last line of the history has the number that calendars have": """
        SELECT b.id FROM scheduling_booking b JOIN scheduling_bookingevent e
            ON e.booking_id = b.id AND e.id > :event
        GROUP BY b.id, b.sequence HAVING max(e.sequence) <> b.sequence""",
    "what was made, moved or cancelled has one card": """
        SELECT e.id FROM scheduling_bookingevent e
        LEFT JOIN chat_message m ON m.event_id = e.id
        WHERE e.id > :event AND e.kind IN ('made', 'moved', 'cancelled')
        GROUP BY e.id HAVING count(m.id) <> 1""",
    # --- Messages ------------------------------------------------------------------------------
    "a conversation has a side for each of its two": """
        SELECT c.id FROM chat_conversation c LEFT JOIN chat_participation p
            ON p.conversation_id = c.id AND ((p.user_id = c.low_id AND p.other_id = c.high_id)
                OR (p.user_id = c.high_id AND p.other_id = c.low_id))
        GROUP BY c.id HAVING count(p.id) <> 2""",
    "a conversation knows its last message": """
        SELECT c.id FROM chat_conversation c
        LEFT JOIN (SELECT conversation_id, max(id) AS newest FROM chat_message
                   GROUP BY conversation_id) m ON m.conversation_id = c.id
        WHERE coalesce(c.last_message_id, 0) <> coalesce(m.newest, 0)""",
    "and so do both of its sides": """
        SELECT p.id FROM chat_participation p JOIN chat_conversation c ON c.id = p.conversation_id
        WHERE coalesce(p.last_message_id, 0) <> coalesce(c.last_message_id, 0)""",
    "each message names the one before it": """
        SELECT id FROM (SELECT id, prev, lag(id) OVER (PARTITION BY conversation_id ORDER BY id)
                        AS before FROM chat_message) m
        WHERE coalesce(prev, 0) <> coalesce(before, 0)""",
    "unread messages are counted rightly": """
        SELECT p.id FROM chat_participation p LEFT JOIN chat_message m
            ON m.conversation_id = p.conversation_id AND m.sender_id = p.other_id
            AND m.id > p.last_read_id
        GROUP BY p.id, p.unread HAVING count(m.id) <> p.unread""",
    "a side with unread messages says so": """
        SELECT id FROM chat_participation
        WHERE is_unread <> (unread > 0) OR is_unread <> (unread_since IS NOT NULL)""",
    "nobody has read what is not there": """
        SELECT id FROM chat_participation WHERE last_read_id > coalesce(last_message_id, 0)""",
    "only the two write in a conversation": """
        SELECT m.id FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id
        WHERE m.sender_id NOT IN (c.low_id, c.high_id)""",
    "no message is stored twice": """
        SELECT sender_id FROM chat_message WHERE client_id IS NOT NULL
        GROUP BY sender_id, client_id HAVING count(*) > 1""",
    # --- People and topics ---------------------------------------------------------------------
    "no two people and no two topics have one name": """
        SELECT username_key FROM accounts_user GROUP BY username_key HAVING count(*) > 1
        UNION ALL SELECT name_key FROM topics_topic GROUP BY name_key HAVING count(*) > 1""",
    "nobody is registered twice for one topic": """
        SELECT user_id FROM topics_registration GROUP BY user_id, topic_id HAVING count(*) > 1""",
    "somebody is an active superuser": """
        SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM accounts_user WHERE is_active AND is_superuser)""",
}


def broken(cursor: Any, event: int, began: datetime, swept: datetime) -> dict[str, list[Any]]:
    """Those that don't hold, each with what breaks it."""
    values = {
        ":event": str(event),
        ":began": _moment(began),
        ":swept": _moment(swept),
        ":monday": MONDAY[cursor.db.vendor],
    }
    found = {}
    for name, sql in BROKEN.items():
        cursor.execute(re.sub("|".join(values), lambda word: values[word[0]], sql))
        if rows := [row[0] for row in cursor.fetchall()]:
            found[name] = rows
    return found


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
