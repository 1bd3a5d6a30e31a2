"""What remains of the demo's past sessions: takeaways, thanks, answers, a record of the demo's TA, a
no-show that its student disputes; and a TA with limits of their own."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from chat import services as chat
from chat.models import Message
from scheduling.models import Booking, Dispute, Takeaway, Thanks
from scheduling.services import care, records
from scheduling.services.takeaways import to_show
from setahub.core import clock
from setahub.core.keys import fold_search
from setahub.demo.calendar import DAYS_BACK, dice
from setahub.demo.messages import BOOKED
from setahub.demo.people import STUDENT, TA, Cast
from setahub.demo.topics import THANAWAT

LEFT_SHARE, SAID_SHARE = 0.6, 0.5  # of the sessions that took place
LIMITED = THANAWAT  # has a weekly cap and a break
CARD_AGE = timedelta(minutes=BOOKED[1])  # it follows the cards of bookings

TAKEAWAYS = (
    (
        "We drew it on paper, step by step, until the two cases were clear.",
        "Do the third case alone, then compare it with the slides.",
        "https://visualgo.net/en",
    ),
    ("ไล่โค้ดทีละบรรทัด แล้วหาจุดที่ตัวแปรเปลี่ยนค่า", "ลองเขียนใหม่โดยไม่ดูเฉลย", ""),
    (
        "Read the error message together and found the missing index.",
        "Write a test for the empty list.",
        "https://docs.python.org/3/tutorial/",
    ),
    ("ทบทวนสูตรและทำโจทย์ปีก่อนสองข้อ", "ทำข้อ 3 และ 4 แล้วส่งมาให้ดูได้", ""),
)
THANKS = (
    "Thank you, it finally makes sense!",
    "ขอบคุณมากค่ะ เข้าใจขึ้นเยอะเลย",
    "You explained it better than the book.",
    "ขอบคุณครับพี่ ใจเย็นมาก",
)
DISPUTED = "I waited at table 7, and was told later that we had met in room 504."
ANSWERS = (Thanks.Helped.YES, Thanks.Helped.PARTLY, Thanks.Helped.NO)


def ensure(cast: Cast) -> None:
    """For bookings of people made just now; what others left and said stays as it is."""
    fresh = [cast.users[email] for email in cast.fresh if email in cast.users]
    took_place = Booking.objects.filter(status=Booking.Status.COMPLETED, student__in=fresh)
    left, said = [], []
    for booking in took_place.select_related("topic").order_by("starts_at", "pk"):
        luck = dice("remains", booking.starts_at, booking.ta_id)
        is_shown = booking.student == cast.users[STUDENT]
        if is_shown or luck.random() < LEFT_SHARE:
            done, next_step, links = luck.choice(TAKEAWAYS)
            at = booking.ends_at + timedelta(minutes=luck.randint(10, 1800))
            left.append(
                Takeaway(
                    booking=booking, done=done, next_step=next_step, links=links,
                    search_key=fold_search(f"{done}\n{next_step}\n{links}"),
                    created_at=min(at, timezone.now()),
                )
            )  # fmt: skip
        if luck.random() < SAID_SHARE:
            [helped] = luck.choices(ANSWERS, weights=(75, 20, 5))
            text = luck.choice(THANKS) if luck.random() < 0.6 else ""
            at = booking.ends_at + timedelta(hours=luck.randint(1, 30))
            said.append(
                Thanks(
                    booking=booking, helped=helped, text=text, created_at=min(at, timezone.now())
                )
            )
    Takeaway.objects.bulk_create(left)
    Thanks.objects.bulk_create(said)
    _show_card(cast)
    _let_read(cast, fresh)
    _dispute(fresh)
    if LIMITED in cast.fresh and LIMITED in cast.users:
        care.set_limits(cast.users[LIMITED], weekly_slots=6, slots_in_a_row=1)
    if TA in cast.fresh and took_place.filter(ta=cast.users[TA]).exists():
        today = clock.today()
        records.issue(cast.users[TA], today - timedelta(days=DAYS_BACK), today)


def _show_card(cast: Cast) -> None:
    """The demo's student finds what the demo's TA has left in their conversation."""
    if STUDENT not in cast.fresh or TA not in cast.fresh:
        return
    own = Takeaway.objects.filter(
        booking__student=cast.users[STUDENT], booking__ta=cast.users[TA],
        booking__ends_at__lt=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    left = own.select_related("booking__student", "booking__ta", "booking__topic").first()
    if left is not None:
        chat.post_takeaway(left)
        moment = timezone.now() - CARD_AGE
        Message.objects.filter(takeaway=left).update(created_at=moment)
        own.filter(pk=left.pk).update(created_at=moment)


def _let_read(cast: Cast, fresh: Sequence[User]) -> None:
    """A student lets the TA of a coming booking read what they were left before: the demo's, if they can."""
    coming = Booking.objects.upcoming(timezone.now()).filter(student__in=fresh)
    rows = list(coming.select_related("student", "topic"))
    for booking in sorted(rows, key=lambda each: each.student_id != cast.users[STUDENT].pk):
        booking.shown_takeaway = to_show(booking.student, booking)
        if booking.shown_takeaway is not None:
            booking.save(update_fields=["shown_takeaway"])
            return


def _dispute(fresh: Sequence[User]) -> None:
    """The last no-show of somebody's waits for the staff."""
    missed = Booking.objects.filter(status=Booking.Status.NO_SHOW, student__in=fresh)
    booking = missed.order_by("-starts_at", "-pk").first()
    if booking is not None:
        at = min(booking.ends_at + timedelta(hours=2), timezone.now())
        Dispute.objects.create(booking=booking, reason=DISPUTED, created_at=at)
