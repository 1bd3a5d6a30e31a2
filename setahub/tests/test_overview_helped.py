"""Whether sessions helped, as staff see it: in sums of five or more, from which no answer follows."""

from datetime import time, timedelta

import pytest
from django.test import Client

from scheduling.models import Thanks
from scheduling.services import takeaways
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.site.overview import page, remains, weeks
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")
WEEKS_LATER = timedelta(days=25)  # past the week and the two in which an answer can change


@pytest.fixture
def crowd(make_user):
    return [make_user(f"Student {n}", year=1) for n in range(8)]


@pytest.fixture
def teach(ta, creator):
    def named(name):
        topic = Topic.objects.create(name=name, slug=name.lower(), creator=creator)
        Registration.objects.create(user=ta, topic=topic)
        return topic

    return named


def answer(ta, topic, people, answers, hour=9):
    """A session of the topic, and what these people answered."""
    given = open_time(ta, topic, start=f"{hour:02}:00", end=f"{hour:02}:30", capacity=len(answers))
    slot = slots_of(given)[0]
    for person, said in zip(people, answers, strict=False):
        made = book(person, slot)
        type(made).objects.filter(pk=made.pk).update(status="completed")
        Thanks.objects.create(booking=made, helped=said, text="Thanks" if said == "yes" else "")


def seen():
    return [(each.topic, each.count, each.yes) for each in remains.helped(weeks.last_weeks())]


def test_five_answers_are_a_sum_and_four_are_nothing(clock, ta, topic, teach, crowd):
    answer(ta, topic, crowd, ["yes", "yes", "yes", "partly", "no"])
    answer(ta, teach("Networks"), crowd, ["yes", "no", "no", "no"], 11)
    clock.shift(WEEKS_LATER)
    assert seen() == [("Data Structures", 5, 3)]


def test_the_total_counts_nothing_that_is_left_out(clock, ta, topic, teach, crowd):
    """Else the hidden answers were the total less what is shown."""
    answer(ta, topic, crowd, ["yes"] * 5)
    answer(ta, teach("Networks"), crowd, ["no"], 11)
    clock.shift(WEEKS_LATER)
    period = weeks.last_weeks()
    shares = [each for each in remains.shares(remains.helped(period), period) if each is not None]
    assert shares == [1.0]


def test_small_topics_of_a_week_are_one_sum_where_they_come_to_five(clock, ta, teach, crowd):
    answer(ta, teach("Networks"), crowd, ["yes", "no", "no"])
    answer(ta, teach("Zebra"), crowd, ["yes", "yes"], 11)
    clock.shift(WEEKS_LATER)
    assert seen() == [("", 5, 3)]


def test_nothing_is_seen_while_an_answer_can_change(clock, ta, topic, crowd):
    """So that no sum ever changes by one answer."""
    answer(ta, topic, crowd, ["yes"] * 6)
    clock.move_to(when.at(when.monday(when.today()) + timedelta(days=20), time(12)))
    assert seen() == []
    clock.shift(timedelta(days=3))
    assert seen() == [("Data Structures", 6, 6)]


def test_the_page_and_its_files_show_it(clock, sign_in, staff, ta, topic, teach, crowd):
    answer(ta, topic, crowd, ["yes", "yes", "yes", "partly", "no"])
    answer(ta, teach("Networks"), crowd, ["partly"], 11)
    clock.shift(WEEKS_LATER)
    client = sign_in(staff)
    assert "<td>60%</td>" in client.get("/admin/").content.decode()
    file = b"".join(client.get("/admin/helped.csv")).decode("utf-8-sig").splitlines()
    assert file == ["Week of,Topic,Answers,It helped", "2026-11-23,Data Structures,5,60%"]
    lines = b"".join(client.get("/admin/numbers.csv")).decode("utf-8-sig").splitlines()
    assert len(lines[0].split(",")) == 13
    [thanked] = [line for line in lines if line.startswith('"Thanks (')]
    assert thanked.split(",").count("3") == 1


def test_takeaways_within_a_day_are_a_share_of_the_completed(clock, ta, topic, student):
    slots = slots_of(open_time(ta, topic))
    made = [book(student, slot) for slot in slots[:2]]
    clock.move_to(slots[-1].ends_at)
    for each in made:
        type(each).objects.filter(pk=each.pk).update(status="completed")
    takeaways.leave(made[0], ta, "Soon")
    clock.shift(timedelta(days=2))
    takeaways.leave(made[1], ta, "Late")
    [card] = [each for each in page.numbers().cards if each.title == "Takeaways within a day"]
    assert "50%" in dict(card.table).values()


def test_files_are_for_staff_who_may_see_bookings(sign_in, student):
    for path in ("/admin/helped.csv", "/admin/numbers.csv"):
        assert sign_in(student).get(path).status_code in (302, 403)
        assert Client().get(path).status_code == 302
