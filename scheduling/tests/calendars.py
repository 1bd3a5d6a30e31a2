"""Calendars as a feed gives them."""

from datetime import UTC, datetime, timedelta


def calendar(*events: str) -> bytes:
    texts = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\n{event}\r\nEND:VEVENT\r\n"
        for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{texts}END:VCALENDAR\r\n".encode()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November in Bangkok."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


NINE = "DTSTART;TZID=Asia/Bangkok:20261124T090000\r\nDTEND;TZID=Asia/Bangkok:20261124T100000"
