"""What the demo's people have written to each other."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from setahub.demo.people import STUDENT, TA

HOUR, DAY = 60, 24 * 60  # minutes
PICTURE = "(a picture of a tree)"


@dataclass(frozen=True)
class Line:
    """``ago``: minutes before now; ``by_ta``: else by the student."""

    ago: int
    by_ta: bool
    text: str


@dataclass(frozen=True)
class Talk:
    """``unread``: how many of the last lines the other one hasn't read yet."""

    student: str
    ta: str
    lines: tuple[Line, ...]
    unread: int = 0


def me(ago: int, text: str) -> Line:
    return Line(ago, False, text)


def ta(ago: int, text: str) -> Line:
    return Line(ago, True, text)


ROTATE = """I think I update the heights too early:

```python
def rotate_left(node):
    pivot = node.right
    node.right, pivot.left = pivot.left, node
    node.height = 1 + max(height(node.left), height(node.right))
    pivot.height = 1 + max(height(pivot.left), height(pivot.right))
    return pivot      # does the parent ever learn about the new pivot?
```

ดูแล้วยังงงตรงบรรทัดสุดท้ายครับ"""

JOIN = """ลองแบบนี้ดูครับ

```sql
SELECT s.name, COUNT(e.course_id) AS courses
FROM student s
LEFT JOIN enrolment e ON e.student_id = s.id
GROUP BY s.id, s.name
HAVING COUNT(e.course_id) = 0;
```"""

TALKS = (
    Talk(
        STUDENT, TA,
        (
            me(2 * DAY + 40, "สวัสดีครับพี่พิม ผมจองเวลาไว้แล้วนะครับ"),
            ta(2 * DAY + 21, "สวัสดีค่ะ! Bring the failing test, we start there."),
            ta(2 * DAY + 20, "Is it only when the sibling is a leaf too?"),
            me(2 * DAY + 12, "Yes, exactly that case."),
            me(DAY + 3 * HOUR, ROTATE),
            me(DAY + 3 * HOUR - 2, PICTURE),
            ta(DAY + 2 * HOUR, "That drawing helps a lot. The parent has to be told, yes: return the pivot and"
                " let the caller hang it in. This page shows it step by step:"
                " https://en.wikipedia.org/wiki/AVL_tree#Rebalancing"),
            me(DAY + 2 * HOUR - 9, "Now it runs! ขอบคุณมากครับ"),
            ta(34, "เก่งมากค่ะ พรุ่งนี้เรามาดูเคส left-right กันต่อนะคะ"),
            ta(33, "And bring the exercise sheet, number 4 is a nice one."),
        ),
        unread=2,
    ),
    Talk(
        STUDENT, "napat@example.com",
        (
            me(4 * DAY, "พี่ครับ อยากหานักศึกษาที่ยังไม่ลงวิชาไหนเลย ต้องเขียน query ยังไงครับ"),
            ta(4 * DAY - 25, JOIN),
            me(4 * DAY - 31, "อ๋อ LEFT JOIN นี่เอง ได้แล้วครับ"),
            me(4 * DAY - 32, "Thank you, it runs now!"),
        ),
    ),
    Talk(
        STUDENT, "ploy@example.com",
        (
            me(6 * DAY + 15, "Hi! Do you also help with group projects, or only with exercises?"),
            ta(6 * DAY, "Both. Book half an hour and bring one question of the whole group."),
        ),
    ),
    Talk(
        "natthida@example.com", TA,
        (
            me(DAY + 5 * HOUR, "พี่คะ hash table ขนาดควรเป็นจำนวนเฉพาะจริงไหมคะ"),
            ta(DAY + 4 * HOUR, "It helps when the hash function is weak. We can measure it together."),
            me(52, "โอเคค่ะ หนูลองวัดแล้ว ได้กราฟมาด้วย เดี๋ยวเอาไปให้ดูวันศุกร์นะคะ"),
        ),
        unread=1,
    ),
    Talk(
        "beam@example.com", TA,
        (
            me(3 * DAY, "Is the quiz about recursion only, or about trees as well?"),
            ta(3 * DAY - 6, "Recursion on trees. ฝึกเขียน depth แบบไม่ใช้ตัวแปร global ก่อนค่ะ"),
            me(3 * DAY - 20, "Got it, thanks!"),
        ),
    ),
    Talk(
        "june@example.com", "thanawat@example.com",
        (
            me(2 * DAY, "พิสูจน์ข้อ 3 ด้วย induction ไม่ออกค่ะ ติดตรง n+1"),
            ta(2 * DAY - 14, "ลองเขียนให้เห็นว่า n+1 ต่างจาก n ตรงไหนก่อนครับ แล้วส่งรูปมาได้เลย"),
        ),
    ),
)  # fmt: skip


def tree_picture() -> bytes:
    """A sketch of a tree before its rotation, as a PNG."""
    nodes = {
        "50": (480, 120),
        "30": (300, 270),
        "70": (660, 270),
        "20": (190, 430),
        "40": (410, 430),
    }
    edges = (("50", "30"), ("50", "70"), ("30", "20"), ("30", "40"))
    picture = Image.new("RGB", (960, 560), "#f7f1e6")
    draw = ImageDraw.Draw(picture)
    for one, other in edges:
        draw.line((*nodes[one], *nodes[other]), fill="#655d54", width=7)
    for text, (x, y) in nodes.items():
        strong = text == "30"
        draw.ellipse(
            (x - 52, y - 52, x + 52, y + 52),
            fill="#c2410c" if strong else "#ffffff",
            outline="#231f1b",
            width=6,
        )
        ink = "#ffffff" if strong else "#231f1b"
        draw.text((x, y), text, fill=ink, anchor="mm", font_size=44)
    draw.arc((230, 120, 470, 360), 190, 290, fill="#1e4e8c", width=8)
    output = BytesIO()
    picture.save(output, "PNG")
    return output.getvalue()
