"""The demo's people. Found again by email, whatever else they change about themselves."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain, count

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from accounts.models.people import avatar_path
from setahub.core.keys import fold
from setahub.demo import accounts
from setahub.demo.art import avatar_art


@dataclass(frozen=True)
class Person:
    """``picture``: whether one is drawn for them; the others show their initials."""

    email: str
    name: str
    year: int | None = None
    student_id: str | None = None
    bio: str = ""
    picture: bool = False
    staff: bool = False


STUDENT, TA, ADMIN = "student@example.com", "ta@example.com", "admin@example.com"

TAS = (
    Person(
        TA, "พิมพ์ชนก ศรีสุข", 4, "66010412",
        "Fourth year, usually found in the lab on floor 5. I like trees (the ones with nodes) and"
        " good questions. ถามเป็นภาษาไทยหรืออังกฤษก็ได้ค่ะ", True,
    ),
    Person(
        "napat@example.com", "Napat Wongsakul", 4, "66010238",
        "Databases and anything that runs on a server. Bring your schema, we'll draw it together.",
        True,
    ),
    Person(
        "thanawat@example.com", "ธนวัฒน์ จันทร์เพ็ญ", 3, "67010305",
        "ปีสาม ชอบคณิตศาสตร์และการพิสูจน์ ค่อย ๆ ทำไปด้วยกันทีละขั้นครับ", True,
    ),
    Person(
        "mali@example.com", "Mali Charoenphol", 2, "68010517",
        "I passed these courses last year with many mistakes, so I know where they hide.", True,
    ),
    Person(
        "kittipong@example.com", "กิตติพงษ์ แสงทอง", 4, "66010091",
        "ระบบปฏิบัติการและเครือข่าย เคยฝึกงานเป็น SRE มาหนึ่งเทอม", True,
    ),
    Person(
        "ploy@example.com", "Ploy Rattanakorn", 3, "67010644",
        "Front end, testing, and reading other people's code without fear.", True,
    ),
    Person(
        "anucha@example.com", "อนุชา พงษ์ไพร", 3, "67010122",
        "สอนเขียนโปรแกรมแบบใจเย็น เริ่มจากศูนย์ก็ไม่เป็นไรครับ",
    ),
    Person(
        "fah@example.com", "Fah Intharaksa", 2, "68010733",
        "Statistics, linear algebra, and how both end up in machine learning.", True,
    ),
)  # fmt: skip

STUDENTS = (
    Person(STUDENT, "สมชาย ใจดี", 1, "69010148", "First year. Coffee first, then code.", True),
    Person("natthida@example.com", "ณัฐธิดา บุญมี", 1, "69010226", picture=True),
    Person("beam@example.com", "Beam Suksawat", 1, "69010057", picture=True),
    Person("korn@example.com", "Korn Thepsiri", 1, "69010381"),
    Person("warunya@example.com", "วรัญญา ทองใบ", 2, "68010402", picture=True),
    Person("ice@example.com", "Ice Phromma", 1, "69010519", picture=True),
    Person("pakorn@example.com", "ปกรณ์ ศิริวัฒน์", 2, "68010188"),
    Person("mint@example.com", "Mint Kaewmanee", 1, "69010634", picture=True),
    Person("phupha@example.com", "ภูผา นาคสุข", 1, "69010702"),
    Person("june@example.com", "June Saelim", 2, "68010295", picture=True),
    Person("chonthicha@example.com", "ชลธิชา มงคล", 1, "69010811", picture=True),
)

PEOPLE = (Person(ADMIN, "SETAHub Staff", staff=True), *TAS, *STUDENTS)


@dataclass(frozen=True)
class Cast:
    """The demo's people as they are now, by the email they began with.

    ``fresh``: the emails of those made just now. All the rest belongs to somebody: it is made along
    with its people, and so what a user deleted later stays deleted.
    """

    users: dict[str, User]
    fresh: Collection[str]

    def of(self, people: Iterable[Person]) -> list[User]:
        """These, each once, without those who are suspended."""
        users = {user.pk: user for each in people if (user := self.users[each.email]).is_active}
        return list(users.values())

    def email_of(self, user: User) -> str:
        """The demo email of one of them."""
        return next(email for email, each in self.users.items() if each.pk == user.pk)


def ensure() -> Cast:
    """Everybody of the demo, those who are missing made anew."""
    users = _known([person.email for person in PEOPLE])
    missing = [person for person in PEOPLE if person.email not in users]
    for user in accounts.store(_new(missing)):
        users[user.email] = user
    return Cast(users, {person.email for person in missing})


def _known(emails: Collection[str]) -> dict[str, User]:
    """The users with one of these emails, perhaps as a further address that they have verified."""
    further = EmailAddress.objects.filter(email__in=emails, verified=True).select_related("user")
    users = {address.email: address.user for address in further}
    return users | {user.email_key: user for user in User.objects.filter(email_key__in=emails)}


def _new(people: Iterable[Person]) -> list[User]:
    """Accounts for these, not stored yet; names and student IDs that others took are avoided."""
    people = list(people)
    if not people:
        return []
    keys = set(User.objects.values_list("username_key", flat=True))
    ids = set(User.objects.filter(student_id__isnull=False).values_list("student_id", flat=True))
    return [
        User(
            username=_free_name(person.name, keys),
            email=person.email,
            year=person.year,
            student_id=None if person.student_id in ids else person.student_id,
            bio=person.bio,
            avatar=_stored_picture(person) if person.picture else "",
            is_staff=person.staff,
            is_superuser=person.staff,
            date_joined=timezone.now(),
        )
        for person in people
    ]


def _free_name(name: str, keys: Collection[str]) -> str:
    return next(
        free
        for free in chain([name], (f"{name} {number}" for number in count(2)))
        if fold(free) not in keys
    )


def _stored_picture(person: Person) -> str:
    """The name under which a drawn picture is stored."""
    content = ContentFile(avatar_art(person.email))
    return default_storage.save(avatar_path(person, ""), content)
