"""Several at once for one name, one email, one student ID: one has it, the others are told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.forms.account import SignupForm
from accounts.models import Block, User

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CROWD = 6


def all_at_once(act, crowd=CROWD):
    """``act(number)`` for each of the crowd, in threads let go together; what each gave."""
    gate = Barrier(crowd, timeout=30)

    def run(number):
        try:
            gate.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(crowd) as pool:
        return list(pool.map(run, range(crowd)))


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "น้ำฝน"), ("email", "same@example.com"), ("student_id", "65010001")],
)
def test_one_signs_up_and_the_others_read_why_not(field, value):
    def sign_up(number):
        form = {
            "username": f"Student {number}",
            "email": f"student{number}@example.com",
            "password1": "a long password 42",
            "student_id": "",
            field: value,
        }
        response = Client().post("/auth/signup/", form)
        if response.status_code == 302:
            return "in"
        return (response.status_code, list(response.context["form"].errors))

    results = all_at_once(sign_up)
    assert sorted(results, key=str) == sorted(["in"] + [(200, [field])] * (CROWD - 1), key=str)
    assert User.objects.count() == 1


def test_one_sign_up_tapped_many_times_makes_one_account():
    form = {
        "username": "น้ำฝน",
        "email": "same@example.com",
        "password1": "a long password 42",
        "student_id": "65010001",
    }

    def sign_up(number):
        return Client().post("/auth/signup/", form).url

    assert sorted(all_at_once(sign_up)) == ["/"] + ["/auth/login/"] * (CROWD - 1)
    assert User.objects.count() == 1


def test_one_sign_up_stored_while_an_equal_one_is_looked_at_leads_to_signing_in(monkeypatch):
    form = {
        "username": "Nam",
        "email": "same@example.com",
        "password1": "a long password 42",
        "student_id": "65010001",
    }

    def faster(sign_up):
        """Between the look for its name and that for its student ID."""
        monkeypatch.undo()
        assert Client().post("/auth/signup/", form).url == "/"
        return sign_up.clean_student_id()

    monkeypatch.setattr(SignupForm, "clean_student_id", faster)
    assert Client().post("/auth/signup/", form).url == "/auth/login/"
    assert User.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), [("username", "Ploy"), ("student_id", "65010001")])
def test_one_takes_a_name_or_student_id_on_the_profile(make_user, field, value):
    users = [make_user(f"Student {number}") for number in range(CROWD)]

    def edit(number):
        client = Client()
        client.force_login(users[number])
        form = {"username": f"Student {number}", "student_id": "", "year": "", "bio": ""}
        return client.post("/users/me/edit/", {**form, field: value}).status_code

    assert sorted(all_at_once(edit)) == [302] + [422] * (CROWD - 1)


def test_blocking_many_times_at_once_blocks_once(student, ta):
    def block(number):
        client = Client()
        client.force_login(student)
        return client.post(f"/users/{ta.pk}/block/").status_code

    assert all_at_once(block) == [302] * CROWD
    assert Block.objects.count() == 1


def test_the_right_password_from_many_devices_at_once_lets_all_in(student):
    def sign_in(number):
        form = {"login": student.email, "password": "pass-word-1"}
        return Client().post("/auth/login/", form).status_code

    assert all_at_once(sign_in, 12) == [302] * 12
