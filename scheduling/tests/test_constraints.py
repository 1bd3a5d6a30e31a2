"""The database itself refuses, whoever writes: no service takes part in these tests."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from conftest import NOW
from scheduling import constraints
from scheduling.models import Appointment, Booking, Commitment, TimeSlot
from setahub.core.db.constraints import _installed
from topics.models import Topic

START = NOW + timedelta(days=1)
HALF = timedelta(minutes=30)


def make_appointment(ta: User, start: datetime = START, *, hours: int = 1) -> Appointment:
    return Appointment.objects.create(
        ta=ta,
        starts_at=start,
        ends_at=start + timedelta(hours=hours),
        slot_minutes=30,
        capacity=1,
        location="Room 504",
    )


def make_slot(ta: User, start: datetime = START, capacity: int = 1) -> TimeSlot:
    appointment = make_appointment(ta, start)
    return TimeSlot.objects.create(
        appointment=appointment, starts_at=start, ends_at=start + HALF, capacity=capacity
    )


def make_booking(slot: TimeSlot, student: User, topic: Topic, **fields: object) -> Booking:
    return Booking.objects.create(
        slot=slot,
        student=student,
        ta=slot.appointment.ta,
        topic=topic,
        question="Why?",
        **fields,
    )


def refused(name: str) -> "pytest.RaisesExc[IntegrityError]":
    return pytest.raises(IntegrityError, match=name)


@pytest.fixture
def other_ta(make_user):
    return make_user("Other TA")


class TestAppointments:
    def test_two_of_one_ta_never_overlap(self, ta):
        make_appointment(ta)
        with refused(constraints.APPOINTMENT_OVERLAP), transaction.atomic():
            make_appointment(ta, START + HALF)
        assert Appointment.objects.count() == 1

    def test_one_inside_another_is_refused(self, ta):
        make_appointment(ta, hours=3)
        with refused(constraints.APPOINTMENT_OVERLAP), transaction.atomic():
            make_appointment(ta, START + timedelta(hours=1))

    def test_back_to_back_is_no_overlap(self, ta):
        make_appointment(ta)
        make_appointment(ta, START + timedelta(hours=1))
        assert Appointment.objects.count() == 2

    def test_another_ta_is_free_to_open_the_same_time(self, ta, other_ta):
        make_appointment(ta)
        make_appointment(other_ta)
        assert Appointment.objects.count() == 2

    def test_a_cancelled_one_is_not_in_the_way_but_cannot_come_back(self, ta):
        cancelled = make_appointment(ta)
        cancelled.cancelled_at = NOW
        cancelled.save()
        make_appointment(ta)
        cancelled.cancelled_at = None
        with refused(constraints.APPOINTMENT_OVERLAP), transaction.atomic():
            cancelled.save()

    def test_moving_one_onto_another_is_refused(self, ta):
        make_appointment(ta)
        later = make_appointment(ta, START + timedelta(hours=2))
        with refused(constraints.APPOINTMENT_OVERLAP), transaction.atomic():
            Appointment.objects.filter(pk=later.pk).update(starts_at=START + HALF)


class TestSeats:
    def test_a_slot_never_holds_more_than_its_seats(self, ta, topic, make_user):
        slot = make_slot(ta, capacity=2)
        make_booking(slot, make_user("One"), topic)
        make_booking(slot, make_user("Two"), topic)
        with refused(constraints.OVERBOOKED), transaction.atomic():
            make_booking(slot, make_user("Three"), topic)
        slot.refresh_from_db()
        assert (slot.taken, Booking.objects.count()) == (2, 2)

    def test_a_cancelled_booking_frees_its_seat_and_cannot_come_back(self, ta, topic, make_user):
        slot = make_slot(ta)
        first = make_booking(slot, make_user("One"), topic)
        first.status = Booking.Status.CANCELLED
        first.save()
        make_booking(slot, make_user("Two"), topic)
        first.status = Booking.Status.BOOKED
        with refused(constraints.OVERBOOKED), transaction.atomic():
            first.save()

    def test_a_deleted_booking_frees_its_seat(self, ta, topic, student):
        slot = make_slot(ta)
        make_booking(slot, student, topic).delete()
        slot.refresh_from_db()
        assert (slot.taken, Commitment.objects.count()) == (0, 0)

    def test_moving_a_booking_moves_its_seat_and_its_time(self, ta, topic, student):
        one, two = make_slot(ta), make_slot(ta, START + timedelta(hours=3))
        booking = make_booking(one, student, topic)
        booking.slot = two
        booking.save()
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.taken, two.taken) == (0, 1)
        assert set(Commitment.objects.values_list("person", "starts_at")) == {
            (student.pk, two.starts_at),
            (ta.pk, two.starts_at),
        }

    def test_the_same_student_never_twice_in_one_slot(self, ta, topic, student):
        slot = make_slot(ta, capacity=2)
        make_booking(slot, student, topic)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_booking(slot, student, topic)

    def test_a_booking_is_with_the_ta_of_its_slot(self, ta, other_ta, topic, student):
        slot = make_slot(ta)
        with refused(constraints.WRONG_TA), transaction.atomic():
            Booking.objects.create(
                slot=slot, student=student, ta=other_ta, topic=topic, question="Why?"
            )
        made = make_booking(slot, student, topic)
        with refused(constraints.WRONG_TA), transaction.atomic():
            Booking.objects.filter(pk=made.pk).update(ta=other_ta)

    def test_nobody_books_themselves(self, ta, topic):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_booking(make_slot(ta), ta, topic)


class TestTwoPlaces:
    """Two overlapping active bookings of one person, in every pairing of roles."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("student", "ta"), ("student", "other_ta")),
            (("student", "ta"), ("other", "student")),
            (("other", "student"), ("student", "ta")),
        ],
        ids=["student and student", "student and TA", "TA and student"],
    )
    def test_are_refused(self, ta, other_ta, student, make_user, topic, first, second):
        people = {
            "ta": ta,
            "other_ta": other_ta,
            "student": student,
            "other": make_user("Other student"),
        }
        make_booking(make_slot(people[first[1]]), people[first[0]], topic)
        overlapping = make_slot(people[second[1]], START + timedelta(minutes=15))
        with refused(constraints.COMMITMENT_OVERLAP), transaction.atomic():
            make_booking(overlapping, people[second[0]], topic)
        assert Booking.objects.count() == 1

    def test_back_to_back_is_fine(self, ta, other_ta, student, topic):
        make_booking(make_slot(ta), student, topic)
        make_booking(make_slot(other_ta, START + HALF), student, topic)
        assert Booking.objects.count() == 2

    def test_several_seats_of_one_slot_are_one_place(self, ta, topic, make_user):
        slot = make_slot(ta, capacity=2)
        make_booking(slot, make_user("One"), topic)
        make_booking(slot, make_user("Two"), topic)
        assert Commitment.objects.filter(person=ta).count() == 2

    def test_a_cancelled_booking_is_no_place(self, ta, other_ta, student, topic):
        make_booking(make_slot(ta), student, topic, status=Booking.Status.CANCELLED)
        make_booking(make_slot(other_ta), student, topic)
        assert Commitment.objects.count() == 2

    def test_a_slot_whose_times_change_takes_its_bookings_along(self, ta, student, topic):
        slot = make_slot(ta)
        booking = make_booking(slot, student, topic)
        later = START + timedelta(days=1)
        TimeSlot.objects.filter(pk=slot.pk).update(starts_at=later, ends_at=later + HALF)
        booking.refresh_from_db()
        assert (booking.starts_at, booking.ends_at) == (later, later + HALF)
        assert set(Commitment.objects.values_list("starts_at", flat=True)) == {later}


@pytest.mark.django_db(transaction=True)
class TestInstallation:
    def test_every_guard_is_there_and_installing_again_changes_nothing(self):
        wanted = constraints.SQLITE if connection.vendor == "sqlite" else constraints.POSTGRESQL
        before = _installed(connection)
        assert {guard.name: guard.version for guard in wanted}.items() <= before.items()
        constraints.CONSTRAINTS.install(connection)
        assert _installed(connection) == before

    def test_constraints_survive_a_migration_that_rebuilds_their_tables(self, ta, topic, make_user):
        """As `migrate` does it: signals around a schema change of every guarded table."""
        from django.apps import apps
        from django.db.models import TextField

        constraints.CONSTRAINTS.before_migrate(using="default", plan=[("something", False)])
        models = [apps.get_model("scheduling", name) for name in ("Booking", "TimeSlot")]
        for model in [*models, Appointment, Commitment]:
            extra = TextField(default="x")  # not null: SQLite rebuilds the table for it
            extra.set_attributes_from_name("extra")
            with connection.schema_editor() as editor:
                editor.add_field(model, extra)
            with connection.schema_editor() as editor:
                editor.remove_field(model, extra)
        constraints.CONSTRAINTS.after_migrate(using="default")

        slot = make_slot(ta)
        make_booking(slot, make_user("One"), topic)
        with refused(constraints.OVERBOOKED), transaction.atomic():
            make_booking(slot, make_user("Two"), topic)
        with refused(constraints.APPOINTMENT_OVERLAP), transaction.atomic():
            make_appointment(ta, START + HALF)
        overlapping = make_slot(make_user("Busy TA"), START)
        with refused(constraints.COMMITMENT_OVERLAP), transaction.atomic():
            make_booking(overlapping, User.objects.get(username="One"), topic)

    def test_a_changed_guard_is_replaced(self):
        wanted = constraints.SQLITE if connection.vendor == "sqlite" else constraints.POSTGRESQL
        last = wanted[-1]
        with connection.cursor() as cursor:
            for statement in last.drop:
                cursor.execute(statement)
        assert last.name not in _installed(connection)
        constraints.CONSTRAINTS.install(connection)
        assert _installed(connection)[last.name] == last.version
