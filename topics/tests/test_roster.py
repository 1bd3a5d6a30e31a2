"""Lists of who is who: read, looked at line by line, carried out in the background."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from setahub.core import sheets
from setahub.core.work import worker
from topics import sweeps
from topics.models import Registration, Roster
from topics.queries.roster import COLUMNS, NEEDED, Outcome, plan_of
from topics.services import roster as services
from topics.services.topics import create_topic, update_topic

pytestmark = pytest.mark.django_db
LIST = "/admin/topics/roster/"


def line(email="malee@kmitl.ac.th", name="มาลี ดีใจ", student_id="", year="", teaches=""):
    values = (email, name, student_id, year, teaches)
    return dict(zip(COLUMNS, values, strict=True))


def outcomes(*lines) -> list[str]:
    return [step.outcome.value for step in plan_of(lines)]


def carried_out(*lines, by=None) -> list[str]:
    """What became of the lines."""
    roster = services.keep(by, lines)
    services.start(roster)
    while services.carry_on(roster.pk):
        pass
    roster.refresh_from_db()
    assert (roster.state, roster.lines) == ("done", [])
    return roster.outcomes


def proven(user) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def read(data: bytes) -> list[dict[str, str]]:
    return sheets.rows_of(data, COLUMNS, NEEDED)


class TestReading:
    TEXT = "Email,Name,Student ID,Year\nmalee@kmitl.ac.th,มาลี ดีใจ,65010001,3\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874"])
    @pytest.mark.parametrize("delimiter", [",", ";"])
    def test_what_spreadsheets_write(self, encoding, delimiter):
        data = self.TEXT.replace(",", delimiter).encode(encoding)
        assert read(data) == [line(student_id="65010001", year="3")]

    def test_columns_in_any_order_with_others_between_and_short_rows(self):
        data = "name;room;email\r\nมาลี ดีใจ;E12;malee@kmitl.ac.th\r\nx\r\n".encode()
        assert read(data) == [line(), line(email="", name="x")]

    def test_in_thai_as_old_programs_write_it(self):
        data = "email;name\r\nsomchai@kmitl.ac.th;น้ำฝน เก่งกล้า\r\n".encode("tis-620")
        assert read(data) == [line("somchai@kmitl.ac.th", "น้ำฝน เก่งกล้า")]

    def test_rows_keep_the_number_that_a_spreadsheet_shows(self):
        data = b'email,name,teaches\na@b.c,Ann,"SQL,\nJoins"\n\nb@b.c,Ben,\n'
        assert [each["name"] for each in read(data)] == ["Ann", "", "Ben"]
        steps = plan_of(read(data))
        assert [step.number for step in steps] == [2, 3, 4]

    def test_commas_and_lines_within_quotation_marks(self):
        data = b'email,name,teaches\na@b.c,Ann,"SQL, Joins"\n'
        assert read(data)[0]["teaches"] == "SQL, Joins"

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "empty"),
            (b"who,where\na,b\n", "columns"),
            (b'email,name\n"a@b.c,Ann\n', "broken"),
            (b"email,name\n\x81\x8d\xfc\xfd\xfe\xff,Ann\n", "encoding"),
            (b"email,name\n\0,Ann\n", "encoding"),
            (b"email,name\n" + b"a@b.c,Ann\n" * 5001, "too_many"),
            (b"x" * (2 * 1024 * 1024 + 1), "too_large"),
        ],
    )
    def test_what_is_no_list_of_people(self, data, code):
        with pytest.raises(sheets.Unreadable) as refused:
            read(data)
        assert refused.value.code == code


class TestPlan:
    @pytest.mark.parametrize(
        ("changed", "outcome"),
        [
            ({}, Outcome.INVITE),
            ({"email": "nobody"}, Outcome.NO_EMAIL),
            ({"email": ""}, Outcome.NO_EMAIL),
            ({"name": "x"}, Outcome.NAME),
            ({"name": "a<b>"}, Outcome.NAME),
            ({"name": "=cmd|' /C calc'!A0"}, Outcome.NAME),
            ({"name": "@SUM(A1)"}, Outcome.NAME),
            ({"email": "7@deleted.invalid"}, Outcome.NO_EMAIL),
            ({"email": "=1@kmitl.ac.th"}, Outcome.INVITE),  # odd, and allowed
            ({"student_id": "1234"}, Outcome.STUDENT_ID),
            ({"year": "9"}, Outcome.YEAR),
            ({"year": "๓"}, Outcome.YEAR),
            ({"teaches": "Nothing", "year": "3"}, Outcome.TOPIC),
            ({"teaches": "Data Structures", "year": "1"}, Outcome.TOO_EARLY),
            ({"teaches": "Data Structures"}, Outcome.TOO_EARLY),
            ({"teaches": "data structures, data-structures", "year": "2"}, Outcome.INVITE),
        ],
    )
    def test_one_line(self, topic, changed, outcome):
        assert outcomes(line(**changed)) == [outcome]

    def test_of_another_domain(self, settings):
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        assert outcomes(line(), line(email="a@gmail.com")) == ["invite", "domain"]

    def test_a_name_means_the_topic_that_has_it_now(self, creator):
        renamed = create_topic(creator, "SQL")
        update_topic(renamed, creator, name="Databases", description="")
        new = create_topic(creator, "SQL")
        assert (renamed.slug, new.slug) == ("sql", "sql-2")
        for named, meant in (("sql", new), ("databases", renamed), ("sql-2", new)):
            [step] = plan_of([line(teaches=named, year="3")])
            assert step.teaches == (meant.pk,)

    def test_a_line_without_any_text(self):
        assert outcomes(line(email="", name="")) == ["empty"]

    def test_twice_in_one_list(self):
        again = line(email="MALEE@kmitl.ac.th", name="Other")
        assert outcomes(line(), again) == ["invite", "twice"]
        with_id = [line(f"{n}@kmitl.ac.th", student_id="65010001") for n in "ab"]
        assert outcomes(*with_id) == ["invite", "id_taken"]

    def test_of_who_is_here(self, student):
        here = {"email": student.email}
        assert outcomes(line(**here)) == ["claimed"]
        proven(student)
        assert outcomes(line(**here)) == ["same"]
        assert outcomes(line(**here, year="1")) == ["same"]
        assert outcomes(line(**here, year="2", student_id="65010001")) == ["change"]
        student.is_active = False
        student.save()
        assert outcomes(line(**here)) == ["suspended"]

    def test_of_staff_who_would_be_changed(self, staff, topic):
        proven(staff)
        assert outcomes(line(staff.email)) == ["same"]
        assert outcomes(line(staff.email, year="4")) == ["staff"]
        assert outcomes(line(staff.email, teaches="Data Structures")) == ["staff"]
        assert carried_out(line(staff.email, student_id="65010001")) == ["staff"]
        staff.refresh_from_db()
        assert staff.student_id is None

    def test_whatever_the_case_of_their_email(self, student):
        proven(student)
        assert outcomes(line(student.email.upper(), year="2")) == ["change"]

    def test_the_student_id_of_another(self, student):
        student.student_id = "65010001"
        student.save()
        assert outcomes(line(student_id="65010001")) == ["id_taken"]

    def test_as_many_queries_for_many_lines(self, topic, student, django_assert_num_queries):
        proven(student)
        for count in (1, 300):
            lines = [
                line(f"a{n}@kmitl.ac.th", student_id=f"{65010000 + n}", year="3")
                for n in range(count)
            ]
            with django_assert_num_queries(5):
                plan_of([line(student.email), *lines])

    def test_it_writes_nothing(self, topic):
        plan_of([line(teaches="Data Structures", year="3")])
        assert not User.objects.filter(email="malee@kmitl.ac.th").exists()


class TestCarryingOut:
    def test_invites_with_all_that_the_line_says_and_a_link(self, topic, post, client):
        said = line(student_id="65010001", year="3", teaches="Data Structures")
        assert carried_out(said) == ["invite"]
        user = User.objects.get(email="malee@kmitl.ac.th")
        assert (user.username, user.student_id, user.year) == ("มาลี ดีใจ", "65010001", 3)
        assert user.invited_at
        assert not user.has_usable_password()
        assert Registration.objects.approved().filter(user=user, topic=topic).exists()
        [letter] = post()
        assert letter.to == ["malee@kmitl.ac.th"]
        assert "/auth/password/reset/key/" in letter.body

    def test_the_link_lets_them_in_and_proves_the_address(self, post, client):
        carried_out(line())
        [letter] = post()
        path = letter.body.partition("http://localhost")[2].split()[0]
        page = client.get(path, follow=True)
        assert "Your account waits for you." in page.content.decode()
        assert "The old one works" not in page.content.decode()
        where = page.redirect_chain[-1][0]
        client.post(where, {"password1": "another good one 7", "password2": "another good one 7"})
        sent = {"login": "malee@kmitl.ac.th", "password": "another good one 7"}
        assert client.post("/auth/login/", sent).status_code == 302
        user = User.objects.get(email="malee@kmitl.ac.th")
        assert user.invited_at is None
        assert EmailAddress.objects.get(user=user).verified

    def test_again_changes_nothing_and_writes_to_nobody(self, topic, post):
        said = line(student_id="65010001", year="3", teaches="Data Structures")
        carried_out(said)
        assert carried_out(said) == ["same"]
        assert len(post()) == 1

    def test_changes_who_is_here_but_not_their_name(self, student, topic):
        proven(student)
        said = line(student.email, "Another", "65010009", "4", "Data Structures")
        assert carried_out(said) == ["change"]
        name = student.username
        student.refresh_from_db()
        assert (student.username, student.student_id, student.year) == (name, "65010009", 4)
        assert Registration.objects.approved().filter(user=student).count() == 1

    def test_a_name_that_somebody_has_gets_a_number(self, student):
        carried_out(line(name=student.username), line("b@kmitl.ac.th", student.username))
        names = User.objects.order_by("pk").values_list("username", flat=True)
        assert list(names)[-2:] == [f"{student.username} 2", f"{student.username} 3"]

    def test_lines_with_errors_are_left_out_and_the_rest_is_done(self, topic):
        lines = [
            line("a@kmitl.ac.th"),
            line("nobody"),
            line("A@kmitl.ac.th"),
            line("b@kmitl.ac.th"),
        ]
        assert carried_out(*lines) == ["invite", "no_email", "twice", "invite"]

    def test_in_parts_each_done_once_whoever_takes_it(self):
        roster = services.keep(None, [line(f"a{n}@kmitl.ac.th", f"Ann {n}") for n in range(30)])
        assert services.carry_on(roster.pk) is False  # not started
        services.start(roster)
        services.start(roster)
        assert services.carry_on(roster.pk) is True
        roster.refresh_from_db()
        assert roster.done == 25
        assert services.carry_on(roster.pk) is False
        assert services.carry_on(roster.pk) is False
        assert User.objects.filter(email__startswith="a").count() == 30

    def test_killed_in_the_middle_it_goes_on_and_nobody_is_invited_twice(self, post, monkeypatch):
        names = [(f"a{n}@kmitl.ac.th", f"Ann {n}") for n in range(60)]
        roster = services.keep(None, [line(*each) for each in names])
        services.start(roster)
        carry_out, done = services._carry_out, []

        def dies(*args, **kwargs):
            done.append(args)
            if len(done) == 40:
                raise SystemExit
            return carry_out(*args, **kwargs)

        monkeypatch.setattr(services, "_carry_out", dies)
        with pytest.raises(SystemExit):
            services.carry_out.func(roster.pk)
        roster.refresh_from_db()
        assert (roster.done, User.objects.filter(email__startswith="a").count()) == (25, 25)
        services.carry_out.func(roster.pk)  # taken up again
        roster.refresh_from_db()
        assert (roster.state, roster.outcomes) == ("done", ["invite"] * 60)
        assert sorted(letter.to[0] for letter in post()) == sorted(email for email, _name in names)

    def test_who_signs_up_at_that_moment_is_met_as_things_are_then(self, make_user, monkeypatch):
        write, raced = services._write, []

        def too_late(step):
            if not raced:
                raced.append(step)
                raise IntegrityError
            write(step)

        def as_things_are(lines):
            if raced and not User.objects.filter(email="malee@kmitl.ac.th").exists():
                proven(make_user("Malee", email="malee@kmitl.ac.th", year=3))
            return plan_of(lines)

        monkeypatch.setattr(services, "_write", too_late)
        monkeypatch.setattr(services, "plan_of", as_things_are)
        assert carried_out(line(year="4")) == ["change"]
        assert User.objects.get(email="malee@kmitl.ac.th").year == 4

    def test_the_worker_does_it(self, run_tasks):
        roster = services.keep(None, [line()])
        services.start(roster)
        run_tasks()
        roster.refresh_from_db()
        assert roster.state == "done"


def test_a_list_that_nobody_starts_is_forgotten_after_a_day():
    roster = services.keep(None, [line()])
    sweeps.forget_rosters()
    assert Roster.objects.count() == 1
    Roster.objects.filter(pk=roster.pk).update(uploaded_at=timezone.now() - timedelta(days=1))
    sweeps.forget_rosters()
    assert not Roster.objects.exists()


def test_nor_does_one_stay_that_failed_for_good_and_goes_on_no_more():
    roster = services.keep(None, [line()])
    services.start(roster)
    age = worker.KEEP_FAILED + timedelta(days=1)
    Roster.objects.update(uploaded_at=timezone.now() - age + timedelta(hours=1))
    sweeps.forget_rosters()
    assert Roster.objects.count() == 1
    Roster.objects.update(uploaded_at=timezone.now() - age)
    sweeps.forget_rosters()
    assert not Roster.objects.exists()


class TestPages:
    DATA = "email,name\nmalee@kmitl.ac.th,มาลี ดีใจ\nnobody,Nobody\n".encode("cp874")

    def bring(self, client, data=DATA):
        file = SimpleUploadedFile("people.csv", data, "text/csv")
        return client.post(f"{LIST}add/", {"file": file})

    def test_from_a_file_to_invited_people(self, staff, sign_in, run_tasks):
        client = sign_in(staff)
        where = self.bring(client).url
        page = client.get(where).content.decode()
        assert 'data-line="2" data-outcome="invite"' in page
        assert 'data-line="3" data-outcome="no_email"' in page
        assert page.index('data-line="3"') < page.index('data-line="2"')  # errors first
        assert not User.objects.filter(email="malee@kmitl.ac.th").exists()
        client.post(where, {"start": "on"})
        page = client.get(where).content.decode()
        assert '<progress id="progress" max="2" value="0">' in page
        run_tasks()
        page = client.get(where).content.decode()
        assert 'data-line="3" data-outcome="no_email"' in page
        assert "<progress" not in page
        assert "malee@kmitl.ac.th" not in page
        assert User.objects.filter(email="malee@kmitl.ac.th").exists()

    def test_a_file_that_is_none_gets_words(self, staff, sign_in):
        answer = self.bring(sign_in(staff), b"who,where\n")
        assert answer.status_code == 422
        assert "The first line must name the columns" in answer.content.decode()

    def test_one_can_think_better_of_it(self, staff, sign_in):
        client = sign_in(staff)
        where = self.bring(client).url
        assert client.post(where, {"discard": "on"}).url == LIST
        assert not Roster.objects.exists()

    def test_a_list_under_way_stays(self, staff, sign_in):
        client = sign_in(staff)
        where = self.bring(client).url
        client.post(where, {"start": "on"})
        assert client.post(where, {"discard": "on"}).url == where
        assert Roster.objects.get().state == "running"

    def test_a_hundred_lines_a_page(self, staff, sign_in):
        client = sign_in(staff)
        lines = "".join(f"a{n}@kmitl.ac.th,Ann {n}\n" for n in range(150))
        where = self.bring(client, f"email,name\n{lines}".encode()).url
        assert client.get(where).content.decode().count("data-line=") == 100
        assert client.get(f"{where}?p=2").content.decode().count("data-line=") == 50

    def test_staff_without_that_power_see_and_do_nothing(self, make_user, staff, sign_in):
        where = self.bring(sign_in(staff)).url
        helper = sign_in(make_user("Helper", is_staff=True))
        assert [helper.get(path).status_code for path in (f"{LIST}add/", where, LIST)] == [403] * 3
        assert helper.post(where, {"start": "on"}).status_code == 403
        assert Client().get(where).status_code == 302

    def test_an_odd_id_is_not_there(self, staff, sign_in):
        client = sign_in(staff)
        for odd in ("0", "x", "9" * 30, "๓"):
            assert client.get(f"{LIST}{odd}/change/").status_code in (302, 404)
