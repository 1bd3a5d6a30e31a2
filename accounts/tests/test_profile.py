"""One's own page, others' pages, pictures, blocks."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import Block, User
from accounts.services import blocks
from scheduling.models import Booking
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Registration, Topic

pytestmark = pytest.mark.django_db


def picture(side: int = 64, kind: str = "PNG") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "orange").save(buffer, kind)
    return SimpleUploadedFile("me.svg", buffer.getvalue(), "image/svg+xml")


class TestOwnPage:
    def test_shows_all_that_is_ones_own(self, sign_in, make_user):
        user = make_user("มะลิ", student_id="65010001", year=2, bio="I like trees.")
        page = sign_in(user).get("/users/me/").content.decode()
        for text in ("มะลิ", "65010001", user.email, "I like trees.", "not confirmed yet"):
            assert text in page

    def test_shows_the_picture_as_an_image(self, sign_in, student):
        client = sign_in(student)
        assert client.post("/users/me/avatar/", {"avatar": picture()}).status_code == 302
        student.refresh_from_db()
        assert (
            f'<img src="/media/{student.avatar.name}"' in client.get("/users/me/").content.decode()
        )


class TestEdit:
    FORM = {"username": "น้ำฝน", "student_id": "65010002", "year": "3", "bio": "Line\r\nbreak"}

    def test_saves_and_goes_back(self, sign_in, student):
        response = sign_in(student).post("/users/me/edit/", self.FORM)
        assert (response.status_code, response.url) == (302, "/users/me/")
        student.refresh_from_db()
        assert (student.username, student.student_id, student.year, student.bio) == (
            "น้ำฝน",
            "65010002",
            3,
            "Line\nbreak",
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("username", ""),
            ("username", "x\0y"),
            ("student_id", "1"),
            ("year", "99"),
            ("bio", "x" * 501),
            ("bio", "\0"),
        ],
    )
    def test_an_invalid_field_is_named_and_nothing_typed_is_lost(
        self, sign_in, student, field, value
    ):
        response = sign_in(student).post("/users/me/edit/", {**self.FORM, field: value})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert "น้ำฝน" in response.content.decode() or field == "username"
        student.refresh_from_db()
        assert student.username == "สมชาย ใจดี"

    def test_a_taken_name_or_student_id_is_said_beside_it(self, sign_in, student, make_user):
        make_user("Ploy", student_id="65010003")
        client = sign_in(student)
        name = client.post("/users/me/edit/", {**self.FORM, "username": "PLOY"})
        number = client.post("/users/me/edit/", {**self.FORM, "student_id": "65010003"})
        assert (name.status_code, list(name.context["form"].errors)) == (422, ["username"])
        assert (number.status_code, list(number.context["form"].errors)) == (422, ["student_id"])

    def test_one_may_keep_ones_own_name_in_another_case(self, sign_in, make_user):
        user = make_user("ploy")
        sign_in(user).post("/users/me/edit/", {**self.FORM, "username": "Ploy"})
        user.refresh_from_db()
        assert user.username == "Ploy"

    def test_what_is_invisible_around_a_name_is_dropped_and_not_blamed(self, sign_in, student):
        typed = {"username": "\u200bPloy\u00a0", "student_id": "\ufeff65010009 ", "bio": "\u2800"}
        assert sign_in(student).post("/users/me/edit/", {**self.FORM, **typed}).status_code == 302
        student.refresh_from_db()
        assert (student.username, student.student_id, student.bio) == ("Ploy", "65010009", "")

    @pytest.mark.parametrize("name", ["Ａda", "A\u0301da", "คํา", "เเก้ว"])
    def test_a_name_that_reads_like_anothers_is_taken(self, sign_in, student, make_user, name):
        for taken in ("Ada", "Áda", "คำ", "แก้ว"):
            make_user(taken)
        response = sign_in(student).post("/users/me/edit/", {**self.FORM, "username": name})
        assert response.status_code == 422
        assert "This name is taken." in response.content.decode()

    @pytest.mark.parametrize("name", ["SЕTAHub Staff", "a" + "\u0301" * 4, "Ｄeleted user"])
    def test_a_name_that_only_seems_to_be_one_is_refused(self, sign_in, student, name):
        response = sign_in(student).post("/users/me/edit/", {**self.FORM, "username": name})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["username"]

    def test_a_name_that_stands_stays_until_it_is_changed(self, sign_in, student, stranger, staff):
        student.username = "SЕTAHub"
        student.save()
        User.objects.filter(pk=stranger.pk).update(username="ＳЕtahub", username_key="sеtahub  2")
        bio = {**self.FORM, "username": "ＳЕtahub", "student_id": "", "bio": "New"}

        assert sign_in(stranger).post("/users/me/edit/", bio).status_code == 302
        admin = f"/admin/accounts/user/{stranger.pk}/change/"
        staff.is_superuser = True
        staff.save()
        page = sign_in(staff).post(admin, {"username": "ＳЕtahub", "bio": "Newer", "year": "3"})
        assert page.status_code == 302

        stranger.refresh_from_db()
        stranger.save()  # which makes the keys anew
        assert (stranger.username, stranger.bio) == ("ＳЕtahub", "Newer")
        assert stranger.username_key == "sеtahub  2"
        changed = sign_in(stranger).post("/users/me/edit/", {**bio, "username": "SЕtahub"})
        assert changed.status_code == 422
        assert (
            sign_in(stranger).post("/users/me/edit/", {**bio, "username": "S"}).status_code == 422
        )
        assert sign_in(stranger).post("/users/me/edit/", {**bio, "username": "Sam"}).url
        stranger.refresh_from_db()
        assert stranger.username_key == "sam"

    def test_a_name_with_a_number_in_its_key_is_taken_too(self, sign_in, student, stranger):
        User.objects.filter(pk=stranger.pk).update(username="Ada", username_key="ada  2")
        response = sign_in(student).post("/users/me/edit/", {**self.FORM, "username": "ada"})
        assert list(response.context["form"].errors) == ["username"]

    def test_extra_fields_change_nothing(self, sign_in, student, stranger):
        sign_in(student).post(
            "/users/me/edit/",
            {**self.FORM, "email": "x@example.com", "is_staff": "on", "id": stranger.pk},
        )
        student.refresh_from_db()
        stranger.refresh_from_db()
        assert (student.email, student.is_staff) == ("student@example.com", False)
        assert stranger.username == "Stranger"


class TestEditInTwoTabs:
    """What was changed in one of them stays when the other is saved."""

    @pytest.fixture
    def tab(self, sign_in, make_user, open_tab):
        client = sign_in(make_user("Mali", student_id="65010002", year=3, bio="Trees"))
        return lambda: open_tab(client, "/users/me/edit/")

    def stored(self):
        return User.objects.values_list("username", "student_id", "year", "bio").get()

    def test_each_saves_what_was_changed_in_it(self, tab):
        tabs = [tab() for _number in range(4)]
        for each, typed in zip(
            tabs,
            [{"username": "Ploy"}, {"student_id": ""}, {"year": "4"}, {"bio": "Graphs"}],
            strict=True,
        ):
            assert each(**typed).status_code == 302
        assert self.stored() == ("Ploy", None, 4, "Graphs")

    def test_two_values_are_both_shown_and_nothing_typed_is_lost(self, tab):
        first, second = tab(), tab()
        first(username="Ploy", year="", bio="Heaps")
        refused = second(year="5", bio="Graphs")
        assert refused.status_code == 409
        form = refused.context["form"]
        words = "Meanwhile this was changed to “%s”. Save again to keep yours."
        assert form.errors == {"year": [words % "I would rather not say"], "bio": [words % "Heaps"]}
        assert words % "Heaps" in refused.content.decode()
        typed = {name: form[name].value() for name in ("username", "year", "bio")}
        assert typed == {"username": "Ploy", "year": "5", "bio": "Graphs"}
        assert self.stored() == ("Ploy", "65010002", None, "Heaps")

    def test_sent_again_it_is_saved(self, tab):
        first, second = tab(), tab()
        first(bio="Heaps")
        form = second(bio="Graphs").context["form"]
        assert second(base=form["base"].value(), bio="Graphs").status_code == 302
        assert self.stored() == ("Mali", "65010002", 3, "Graphs")

    def test_sent_twice_it_is_the_same(self, tab):
        first = tab()
        assert [first(bio="Heaps").status_code for _time in range(2)] == [302, 302]
        assert self.stored() == ("Mali", "65010002", 3, "Heaps")

    def test_the_base_of_somebody_else_is_none(self, tab, sign_in, student, open_tab):
        base = sign_in(student).get("/users/me/edit/").context["form"]["base"].value()
        first, second = tab(), tab()
        first(bio="Heaps")
        assert second(username="Ploy", base=base).status_code == 302
        assert User.objects.get(username="Ploy").bio == "Trees"


class TestAvatar:
    def test_ends_as_a_small_webp_under_a_random_name(self, sign_in, student):
        sign_in(student).post("/users/me/avatar/", {"avatar": picture(2000)})
        student.refresh_from_db()
        assert student.avatar.name.startswith("avatars/")
        assert student.avatar.name.endswith(".webp")
        assert "me" not in student.avatar.name
        with Image.open(student.avatar) as stored:
            assert (stored.format, stored.size) == ("WEBP", (288, 288))

    def test_a_browser_that_has_it_is_sent_nothing(self, sign_in, student):
        client = sign_in(student)
        client.post("/users/me/avatar/", {"avatar": picture()})
        student.refresh_from_db()
        first = client.get(student.avatar.url)
        again = client.get(student.avatar.url, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")

    def test_a_new_one_and_removing_take_the_old_file_away(
        self, sign_in, student, django_capture_on_commit_callbacks
    ):
        client = sign_in(student)
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/users/me/avatar/", {"avatar": picture()})
            first = User.objects.get(pk=student.pk).avatar.name
            client.post("/users/me/avatar/", {"avatar": picture()})
            second = User.objects.get(pk=student.pk).avatar.name
        assert not default_storage.exists(first)
        assert default_storage.exists(second)
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/users/me/avatar/", {"remove": "1"})
        assert not default_storage.exists(second)
        assert not User.objects.get(pk=student.pk).avatar

    @pytest.mark.parametrize(
        "content",
        [b"", b"<svg onload=alert(1)>", b"<html>", b"\x89PNG\r\n\x1a\n broken", b"GIF89a"],
    )
    def test_what_is_no_picture_is_a_form_error(self, sign_in, student, content):
        upload = SimpleUploadedFile("x.png", content, "image/png")
        response = sign_in(student).post("/users/me/avatar/", {"avatar": upload})
        assert (response.status_code, list(response.context["form"].errors)) == (422, ["avatar"])
        student.refresh_from_db()
        assert not student.avatar

    def test_a_missing_file_is_one_too(self, sign_in, student):
        assert sign_in(student).post("/users/me/avatar/").status_code == 422


class TestProfile:
    def test_email_and_student_id_are_nobody_elses(self, sign_in, make_user, stranger, staff):
        person = make_user("มะลิ", student_id="65010001")
        path = f"/users/{person.pk}/"
        for viewer in (stranger, person):
            page = sign_in(viewer).get(path).content.decode()
            assert person.email not in page
            assert "65010001" not in page
        page = sign_in(staff).get(path).content.decode()
        assert person.email in page
        assert "65010001" in page

    def test_shows_what_somebody_teaches_and_when(self, clock, sign_in, ta, topic, student):
        appointment = open_time(ta, topic)
        page = sign_in(student).get(f"/users/{ta.pk}/").content.decode()
        assert topic.name in page
        for slot in slots_of(appointment):
            assert f'data-slot-id="{slot.pk}"' in page

    def test_counts_the_sessions_given(self, clock, sign_in, ta, topic, student):
        made = book(student, slots_of(open_time(ta, topic))[0])
        Booking.objects.filter(pk=made.pk).update(status="completed")
        assert "1 session given" in sign_in(student).get(f"/users/{ta.pk}/").content.decode()

    def test_a_pending_registration_shows_to_its_user_and_staff_only(
        self, sign_in, make_user, topic, stranger, staff
    ):
        person = make_user("มะลิ")
        Registration.objects.create(user=person, topic=topic, status="pending")
        seen = {
            viewer.username: topic.name
            in sign_in(viewer).get(f"/users/{person.pk}/").content.decode()
            for viewer in (person, stranger, staff)
        }
        assert seen == {"มะลิ": True, "Stranger": False, "Staff": True}

    def test_a_suspended_person_is_there_for_staff_only(self, sign_in, make_user, stranger, staff):
        person = make_user("มะลิ", is_active=False)
        assert sign_in(stranger).get(f"/users/{person.pk}/").status_code == 404
        assert "Suspended" in sign_in(staff).get(f"/users/{person.pk}/").content.decode()

    def test_costs_the_same_with_one_and_with_three_of_everything(
        self, clock, sign_in, ta, student, creator
    ):
        client = sign_in(student)

        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                client.get(f"/users/{ta.pk}/")
            return len(captured)

        topics = []
        counts = []
        for number in range(3):
            made = Topic.objects.create(name=f"T{number}", slug=f"t{number}", creator=creator)
            Registration.objects.create(user=ta, topic=made)
            topics.append(made)
            open_time(ta, made, start=f"{9 + number:02}:00", end=f"{10 + number:02}:00")
            counts.append(queries())
        assert counts[0] == counts[1] == counts[2]


class TestBlocks:
    def test_blocking_and_unblocking(self, sign_in, student, ta):
        client = sign_in(student)
        assert client.post(f"/users/{ta.pk}/block/").url == f"/users/{ta.pk}/"
        client.post(f"/users/{ta.pk}/block/")
        assert list(Block.objects.values_list("blocker", "blocked")) == [(student.pk, ta.pk)]
        assert "Unblock" in client.get(f"/users/{ta.pk}/").content.decode()
        client.post(f"/users/{ta.pk}/unblock/")
        assert Block.objects.count() == 0

    @pytest.mark.parametrize(
        "back, goes_to",
        [("/messages/{}/", "/messages/{}/"), ("https://evil.example/", "/users/{}/")],
    )
    def test_one_comes_back_to_the_page_of_ours_that_sent_it(
        self, sign_in, student, ta, back, goes_to
    ):
        sent = {"next": back.format(ta.pk)}
        response = sign_in(student).post(f"/users/{ta.pk}/block/", sent)
        assert response.url == goes_to.format(ta.pk)

    def test_nobody_takes_back_the_others_block(self, sign_in, student, ta):
        blocks.block(ta, student)
        sign_in(student).post(f"/users/{ta.pk}/unblock/")
        assert Block.objects.count() == 1

    def test_the_blocked_one_is_not_told(self, sign_in, student, ta):
        blocks.block(ta, student)
        page = sign_in(student).get(f"/users/{ta.pk}/").content.decode()
        assert "You blocked" not in page
        assert "Unblock" not in page

    def test_nobody_blocks_themselves(self, sign_in, student):
        response = sign_in(student).post(f"/users/{student.pk}/block/")
        assert response.status_code == 409
        assert "You can&#x27;t block yourself." in response.content.decode()
        assert Block.objects.count() == 0

    def test_who_is_not_there_is_not_found(self, sign_in, student):
        assert sign_in(student).post("/users/99999/block/").status_code == 404
