"""When the demo's TAs have time in an ordinary week, and where."""

from dataclasses import dataclass

from setahub.demo.people import TA
from setahub.demo.topics import ANUCHA, FAH, KITTIPONG, MALI, NAPAT, PLOY, THANAWAT

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
EVERY_DAY = (MON, TUE, WED, THU, FRI, SAT, SUN)


@dataclass(frozen=True)
class Pattern:
    """A session on each of ``days``: times on the faculty's clock, slot length in minutes.

    ``topics`` are names; none stands for all that the TA teaches. ``weekly`` ones are series.
    """

    ta: str
    days: tuple[int, ...]
    start: str
    end: str
    minutes: int
    place: str
    seats: int = 1
    topics: tuple[str, ...] = ()
    notes: str = ""
    weekly: bool = False


# On every day there is somebody in the morning, in the afternoon and in the evening.
WEEK = (
    Pattern(TA, (MON, WED, FRI), "13:00", "15:00", 30, "Room 504, Building E12", weekly=True,
            notes="Bring your laptop and the exercise sheet."),
    Pattern(TA, (TUE, THU), "10:00", "12:00", 30, "Room 504, Building E12"),
    Pattern(TA, (TUE, THU, SAT, SUN), "19:00", "21:00", 30, "https://meet.example.com/pim-evening",
            notes="Online. กล้องไม่ต้องเปิดก็ได้ค่ะ"),
    Pattern(TA, (MON, WED, FRI), "17:00", "18:00", 20, "Library, table 7", seats=3,
            topics=("โครงสร้างข้อมูล",), notes="A small group: up to three of you at a time."),
    Pattern(NAPAT, (MON, TUE, THU), "09:00", "11:00", 30, "Database lab, Room 309"),
    Pattern(NAPAT, (WED, SUN), "20:00", "22:00", 60, "https://meet.example.com/napat",
            topics=("Database Systems", "Web Application Development")),
    Pattern(THANAWAT, (MON, WED, THU), "15:00", "17:00", 30, "ห้อง 412 อาคารเรียนรวม", weekly=True),
    Pattern(THANAWAT, (SAT,), "09:00", "12:00", 60, "ห้องสมุดคณะ ชั้น 2", seats=4,
            topics=("คณิตศาสตร์ดิสครีต",), notes="ติวกลุ่มเล็กก่อนสอบ เอาโจทย์มาด้วยนะครับ"),
    Pattern(MALI, (TUE, FRI), "12:00", "13:00", 20, "Canteen, by the window"),
    Pattern(MALI, (MON, FRI, SAT), "18:00", "20:00", 30, "https://meet.example.com/mali"),
    Pattern(KITTIPONG, (TUE, WED, FRI), "10:00", "12:00", 60, "Systems lab, Room 611", seats=2,
            weekly=True),
    Pattern(KITTIPONG, (THU,), "18:00", "21:00", 60, "https://meet.example.com/kittipong"),
    Pattern(PLOY, (TUE, THU), "13:00", "16:00", 30, "Room 215"),
    Pattern(PLOY, (WED, SUN), "10:00", "12:00", 20, "https://meet.example.com/ploy",
            topics=("Git and Teamwork", "Web Application Development", "Software Testing")),
    Pattern(ANUCHA, (MON, WED, FRI), "08:30", "10:00", 30, "Co-working space, ground floor"),
    Pattern(ANUCHA, (TUE, SUN), "20:00", "22:00", 30, "https://meet.example.com/anucha"),
    Pattern(FAH, (MON, TUE, WED, THU), "16:00", "17:30", 30, "Mathematics room 118", weekly=True),
    Pattern(FAH, (FRI, SAT), "13:00", "15:00", 60, "Mathematics room 118", seats=5,
            topics=("ความน่าจะเป็นและสถิติ",)),
    Pattern(FAH, EVERY_DAY, "21:00", "22:00", 20, "https://meet.example.com/fah",
            notes="A quick question before tomorrow's class."),
)  # fmt: skip
