"""Somebody is always an active superuser: in words, under a lock, whatever the way."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from accounts.constraints import CONSTRAINTS, LAST_ADMINISTRATOR
from accounts.errors import AccountError
from accounts.models import User
from accounts.services import deletion, suspensions
from scheduling.tests.test_races import at_once
from setahub.core.db.constraints import _installed

ONLY = "is the only administrator. Give somebody else that power first."


@pytest.fixture
def second(make_user):
    return make_user("Second", is_staff=True, is_superuser=True)


def form(user: User, **sent: str) -> dict[str, str]:
    return {"username": user.username, "year": "3", "bio": "", "student_id": "", **sent}


def change(client: Any, user: User, **sent: str) -> Any:
    return client.post(f"/admin/accounts/user/{user.pk}/change/", form(user, **sent))


def suspend(client: Any, user: User) -> Any:
    sent = {"action": "suspend", "_selected_action": user.pk, "confirm": "1", "reason": "x"}
    return client.post("/admin/accounts/user/", sent)


class TestInWords:
    @pytest.mark.parametrize("kept", [{}, {"is_staff": "on"}, {"is_superuser": "on"}])
    def test_the_only_one_cannot_untick_it_on_the_own_page(self, sign_in, staff, kept):
        response = change(sign_in(staff), staff, **kept)
        assert f"Staff {ONLY}" in response.content.decode()
        staff.refresh_from_db()
        assert staff.is_administrator

    def test_with_another_one_it_can(self, sign_in, staff, second):
        assert change(sign_in(staff), staff, is_staff="on").status_code == 302
        assert User.objects.administrators() == [second.pk]

    def test_everything_else_on_the_own_page_can_be_changed(self, sign_in, staff):
        sent = {"is_staff": "on", "is_superuser": "on", "bio": "Here"}
        assert change(sign_in(staff), staff, **sent).status_code == 302
        staff.refresh_from_db()
        assert staff.bio == "Here"

    def test_the_last_is_not_suspended_by_anybody(self, staff):
        with pytest.raises(AccountError, match=ONLY):
            suspensions.suspend(staff, actor=None, cancel_bookings=False)
        assert User.objects.administrators() == [staff.pk]

    def test_one_of_two_is_suspended(self, sign_in, staff, second):
        suspend(sign_in(staff), second)
        assert User.objects.administrators() == [staff.pk]

    @pytest.mark.parametrize("useless", [{"is_active": False}, {"is_staff": False}])
    def test_one_who_cannot_open_the_admin_does_not_count(self, staff, make_user, useless):
        make_user("Useless", **{"is_staff": True, "is_superuser": True, **useless})
        with pytest.raises(AccountError):
            deletion.delete_account(staff)


class TestInTheDatabase:
    @pytest.mark.parametrize(
        "lost", [{"is_active": False}, {"is_superuser": False}, {"is_staff": False}]
    )
    def test_no_way_around_the_services(self, staff, lost):
        with pytest.raises(IntegrityError, match=LAST_ADMINISTRATOR), transaction.atomic():
            User.objects.filter(pk=staff.pk).update(**lost)

    def test_not_all_at_once(self, staff, second):
        with pytest.raises(IntegrityError, match=LAST_ADMINISTRATOR), transaction.atomic():
            User.objects.update(is_superuser=False)

    def test_not_by_deleting(self, staff, second):
        User.objects.filter(pk=second.pk).delete()
        for delete in (staff.delete, User.objects.all().delete):
            with pytest.raises(ProtectedError), transaction.atomic():
                delete()
        assert User.objects.administrators() == [staff.pk]

    def test_who_is_none_is_not_held_back(self, student):
        User.objects.filter(pk=student.pk).update(is_active=False)
        student.delete()
        assert not User.objects.exists()

    def test_the_guard_is_there(self, db):
        wanted = CONSTRAINTS.sqlite if connection.vendor == "sqlite" else CONSTRAINTS.postgresql
        present = _installed(connection)
        assert {guard.name: guard.version for guard in wanted}.items() <= present.items()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_two_suspend_each_other(self, sign_in, staff, second):
        one, other = sign_in(staff), sign_in(second)
        at_once([lambda: suspend(one, second), lambda: suspend(other, staff)])
        assert len(User.objects.administrators()) == 1

    def test_two_untick_themselves(self, sign_in, staff, second):
        one, other = sign_in(staff), sign_in(second)
        found = at_once([lambda: change(one, staff), lambda: change(other, second)])
        assert sorted(each.status_code for each in found) == [200, 302]
        assert len(User.objects.administrators()) == 1

    def test_one_leaves_one_is_suspended_one_steps_down(self, sign_in, staff, second, make_user):
        third = make_user("Third", is_staff=True, is_superuser=True)
        client = sign_in(second)
        at_once(
            [
                lambda: deletion.delete_account(staff),
                lambda: suspensions.suspend(second, actor=None, cancel_bookings=True),
                lambda: change(client, third),
            ]
        )
        assert len(User.objects.administrators()) == 1

    def test_rows_are_written_past_the_services(self, staff, second):
        found = at_once(
            [
                lambda pk=user.pk: User.objects.filter(pk=pk).update(is_active=False)
                for user in (staff, second)
            ]
        )
        assert sorted(map(str, found))[0] == "1"
        assert [type(each) for each in found if each != 1] == [IntegrityError]
        assert len(User.objects.administrators()) == 1
