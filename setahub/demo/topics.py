"""The demo's topics, who teaches them, and what students ask about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from setahub.core.images import EncodedImage
from setahub.core.keys import fold
from setahub.demo.art import COVER, topic_art
from setahub.demo.people import TA, Cast
from topics.models import Registration, Topic
from topics.models.slugs import base_slug
from topics.services import TopicError, create_topic


@dataclass(frozen=True)
class DemoTopic:
    """``glyph`` is what its picture shows; ``tas`` are emails, the first one created it.

    ``keywords`` are in both languages, as students type.
    """

    name: str
    glyph: str
    tas: tuple[str, ...]
    description: str
    questions: tuple[str, ...]
    keywords: str

    @property
    def slug(self) -> str:
        return base_slug(self.name)


NAPAT, THANAWAT, MALI = "napat@example.com", "thanawat@example.com", "mali@example.com"
KITTIPONG, PLOY = "kittipong@example.com", "ploy@example.com"
ANUCHA, FAH = "anucha@example.com", "fah@example.com"

TOPICS = (
    DemoTopic(
        "โครงสร้างข้อมูล", "⋔", (TA, MALI, ANUCHA),
        "Data structures: linked lists, stacks, queues, trees, heaps, hash tables and graphs.\n\n"
        "เหมาะกับคนที่เขียนโปรแกรมพื้นฐานได้แล้ว และอยากเข้าใจว่าทำไมบางวิธีถึงเร็วกว่าอีกวิธี",
        (
            "ยังไม่เข้าใจการหมุน (rotation) ของ AVL tree ค่ะ โดยเฉพาะกรณี left-right",
            "When does a hash table become slow, and how do I choose its size for assignment 4?",
            "ผมลบโหนดใน linked list แล้วโปรแกรมพัง ช่วยดูโค้ดให้หน่อยครับ",
            "Heap or balanced tree for a priority queue? I can't explain why in the report.",
        ),
        "linked list, stack, queue, tree, heap, hash table, graph,"
        " ลิงก์ลิสต์, สแตก, คิว, ต้นไม้, กราฟ",
    ),
    DemoTopic(
        "การเขียนโปรแกรมเชิงวัตถุ", "{ }", (ANUCHA, TA, PLOY),
        "Object-oriented programming in Java: classes, interfaces, inheritance, and when a plain"
        " function would do.\n\nสอนตั้งแต่พื้นฐานจนถึง design patterns ที่ใช้จริง",
        (
            "abstract class กับ interface ต่างกันอย่างไร แล้วควรใช้ตอนไหนคะ",
            "My subclass calls the parent's constructor twice and I don't see why.",
            "อยากให้ช่วยรีวิว class diagram ของโปรเจกต์กลุ่มก่อนส่งวันศุกร์ครับ",
        ),
        "OOP, Java, class, interface, inheritance, design patterns, คลาส, อินเทอร์เฟซ, จาวา",
    ),
    DemoTopic(
        "คณิตศาสตร์ดิสครีต", "∑", (THANAWAT, MALI),
        "Discrete mathematics: logic, sets, induction, counting, relations and graphs.\n\n"
        "ฝึกเขียนบทพิสูจน์ทีละบรรทัด พร้อมโจทย์เก่าจากข้อสอบกลางภาค",
        (
            "ทำโจทย์ induction ข้อ 3 ไม่ได้ค่ะ ติดตรงขั้น inductive step",
            "Combinations or permutations? I always pick the wrong one.",
            "ช่วยอธิบาย equivalence relation กับ partition ให้หน่อยครับ",
        ),
        "discrete math, induction, logic, combinatorics, proof,"
        " ตรรกศาสตร์, อุปนัย, การนับ, พิสูจน์",
    ),
    DemoTopic(
        "Algorithms and Complexity", "λ", (TA, THANAWAT),
        "Sorting, searching, greedy algorithms, dynamic programming, and how to argue that a"
        " solution is fast enough.",
        (
            "Could we do one dynamic programming problem together? I never find the state.",
            "Why is my quicksort quadratic on sorted input, and what would you change first?",
            "ช่วยดูการวิเคราะห์ Big-O ของ recursion ข้อ 5 ให้หน่อยครับ",
        ),
        "Big-O, sorting, dynamic programming, greedy, recursion,"
        " อัลกอริทึม, การเรียงลำดับ, เวลาในการทำงาน, เวียนเกิด, เรียกซ้ำ",
    ),
    DemoTopic(
        "Database Systems", "⛁", (NAPAT, KITTIPONG),
        "Entity-relationship models, SQL, normal forms, indexes and transactions, on PostgreSQL.",
        (
            "My join returns each row three times. I'll bring the schema and the query.",
            "ช่วยตรวจ ER diagram ก่อนส่งงานครับ ไม่แน่ใจเรื่อง weak entity",
            "3NF or BCNF: is there an example that isn't in the slides?",
        ),
        "SQL, joins, ER diagram, 3NF, PostgreSQL, index, ฐานข้อมูล, คิวรี, นอร์มัลไลซ์",
    ),
    DemoTopic(
        "Operating Systems", "01", (KITTIPONG,),
        "Processes, threads, scheduling, memory, files. We read small pieces of real kernels.",
        (
            "Lab 2: my two threads deadlock about once in ten runs. How do I find out where?",
            "สงสัยเรื่อง page replacement ครับ คำนวณ LRU ไม่ตรงกับเฉลย",
        ),
        "OS, Linux, threads, deadlock, paging, ระบบปฏิบัติการ, เธรด, หน่วยความจำ",
    ),
    DemoTopic(
        "Computer Networks", "⑂", (KITTIPONG, NAPAT),
        "From cables to HTTP: layers, addressing, routing, TCP, and a look at real packets.",
        (
            "I can't split 10.0.0.0/22 into the subnets of exercise 6. How do I start?",
            "TCP congestion control: what exactly happens after three duplicate ACKs?",
        ),
        "TCP, IP, subnet, routing, HTTP, Wireshark, เครือข่าย, เน็ตเวิร์ก, ซับเน็ต",
    ),
    DemoTopic(
        "Web Application Development", "</>", (PLOY, NAPAT),
        "HTML, CSS, HTTP, forms, sessions and a database behind them. Bring your project.",
        (
            "My form works in Chrome and loses the file in Safari. Can we debug it together?",
            "อยากเข้าใจเรื่อง session กับ cookie ก่อนสอบค่ะ",
            "How should we split our project into pages and components?",
        ),
        "HTML, CSS, JavaScript, forms, cookies, web app, เว็บ, ฟอร์ม, คุกกี้",
    ),
    DemoTopic(
        "Software Testing", "?", (PLOY,),
        "Unit tests that say what they mean, test doubles, coverage, and tests you can trust.",
        (
            "How do I test a function that sends an email without sending one?",
            "Coverage is at 90 % but the bug was still there. What did I miss?",
        ),
        "unit test, mock, coverage, pytest, JUnit, ทดสอบซอฟต์แวร์, เขียนเทสต์",
    ),
    DemoTopic(
        "Git and Teamwork", "⑂ +", (MALI, PLOY),
        "Branches, pull requests, conflicts, and how four people work on one project in peace.",
        (
            "I have rebased something I shouldn't have. Can we get my commits back?",
            "กลุ่มเรามี merge conflict ทุกวันเลยค่ะ ควรแบ่งงานกันอย่างไรดี",
        ),
        "GitHub, branch, merge conflict, rebase, pull request, กิต, ทำงานกลุ่ม",
    ),
    DemoTopic(
        "Linear Algebra", "[ ]", (FAH, THANAWAT),
        "Vectors, matrices, systems of equations, eigenvalues, and what they look like.",
        (
            "What does an eigenvector mean in a picture? I can compute it but not explain it.",
            "ขอทบทวน determinant กับ inverse ก่อนสอบย่อยครับ",
        ),
        "matrix, vector, determinant, eigenvalue, เมทริกซ์, เวกเตอร์, พีชคณิตเชิงเส้น",
    ),
    DemoTopic(
        "ความน่าจะเป็นและสถิติ", "π", (FAH,),
        "Probability and statistics: distributions, expectation, tests and a little R.\n\n"
        "เน้นทำโจทย์และอ่านผลลัพธ์ให้เป็น",
        (
            "ไม่แน่ใจว่าโจทย์ข้อไหนต้องใช้ Poisson ข้อไหนใช้ Binomial ค่ะ",
            "How do I read a p-value correctly in the lab report?",
        ),
        "probability, statistics, Poisson, binomial, p-value, สถิติ, การแจกแจง",
    ),
)  # fmt: skip


def ensure(cast: Cast) -> dict[str, Topic]:
    """The demo's topics by slug, as far as they are listed.

    A topic is made along with its creator, a registration along with its TA; what was deleted,
    archived or withdrawn since stays so.
    """
    for index, each in enumerate(TOPICS):
        if each.tas[0] in cast.fresh:
            _make(each, index, cast)
    topics = {topic.slug: topic for topic in Topic.objects.listed().filter(slug__in=slugs())}
    Registration.objects.bulk_create(
        [
            Registration(
                user=cast.users[email],
                topic=topics[each.slug],
                status=Registration.Status.APPROVED,
            )
            for each in TOPICS
            for email in each.tas
            if email in cast.fresh and each.slug in topics
        ],
        ignore_conflicts=True,
    )
    return topics


def slugs() -> list[str]:
    return [each.slug for each in TOPICS]


def questions(topic: Topic) -> Sequence[str]:
    """What students ask about it."""
    return next(each.questions for each in TOPICS if each.slug == topic.slug)


def _make(topic: DemoTopic, index: int, cast: Cast) -> None:
    if Topic.objects.filter(name_key=fold(topic.name)).exists():
        return
    picture = EncodedImage(topic_art(topic.glyph, index), *COVER)
    try:
        creator = cast.users[topic.tas[0]]
        create_topic(creator, topic.name, topic.description, picture, keywords=topic.keywords)
    except TopicError:
        return  # somebody took the name a moment ago: then it is theirs
