"""Sending by form and by script, reading, reports and pictures over HTTP: statuses and codes."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Block
from chat import pictures, services
from chat.models import Message, Participation, Report
from chat.tests.pictures import photo

pytestmark = pytest.mark.django_db


def post(client, person, accept="text/html", **fields):
    return client.post(f"/messages/{person.pk}/", fields, headers={"accept": accept})


def post_json(client, person, **fields):
    response = post(client, person, "application/json", **fields)
    assert response.headers["Content-Type"] == "application/json"
    return response.status_code, response.json()


@pytest.fixture
def client_of(sign_in):
    return sign_in


class TestForms:
    def test_a_sent_message_leads_back_to_the_conversation(self, client_of, student, ta):
        response = post(client_of(student), ta, text="Hello", client_id=str(uuid.uuid4()))
        assert (response.status_code, response.url) == (302, f"/messages/{ta.pk}/")
        assert Message.objects.get().text == "Hello"

    def test_sent_twice_it_is_one_message(self, client_of, student, ta):
        fields = {"text": "Hello", "client_id": str(uuid.uuid4())}
        assert [post(client_of(student), ta, **fields).status_code for _ in range(2)] == [302, 302]
        assert Message.objects.count() == 1

    def test_without_a_name_it_is_sent_and_counts_all_the_same(self, clock, client_of, student, ta):
        client = client_of(student)
        assert [post(client, ta, text="Hello").status_code for _ in range(31)] == [302] * 30 + [429]
        assert Message.objects.filter(client_id__isnull=False).count() == 30

    def test_answering_marks_as_read(self, client_of, student, ta, say):
        say(student, ta)
        post(client_of(ta), student, text="Hello yourself")
        assert Participation.objects.get(user=ta).unread == 0

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"text": ""}, 422),
            ({"text": "ก" * 4001}, 422),
            ({"text": "a\0b"}, 422),
            ({"text": "Hello", "client_id": "not-a-name"}, 422),
        ],
    )
    def test_what_is_no_message_is_said(self, client_of, student, ta, fields, status):
        assert post(client_of(student), ta, **fields).status_code == status
        assert not Message.objects.exists()

    def test_a_picture_alone_is_a_message(self, client_of, student, ta):
        assert post(client_of(student), ta, image=photo()).status_code == 302
        assert Message.objects.get().kind == "image"

    def test_a_file_that_is_no_picture_is_refused_in_words(self, client_of, student, ta):
        file = SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")
        response = post(client_of(student), ta, image=file, text="My drawing")
        assert response.status_code == 422
        assert "kind of file can" in response.content.decode()
        assert "My drawing" in response.content.decode()


class TestScripts:
    def test_the_answer_is_the_acknowledgement(self, client_of, student, ta):
        name = str(uuid.uuid4())
        status, body = post_json(client_of(student), ta, text="Hello", client_id=name)
        sent = Message.objects.get()
        assert status == 201
        assert body == {
            "type": "message.ack",
            "client_id": name,
            "id": sent.pk,
            "created_at": sent.created_at.isoformat().replace("+00:00", "Z"),
        }
        assert post_json(client_of(student), ta, text="Hello", client_id=name) == (201, body)

    def test_a_browser_s_fetch_prefers_json_as_well(self, client_of, student, ta):
        accept = "application/json, text/plain, */*"
        assert post(client_of(student), ta, accept, text="Hello").status_code == 201

    def test_reading_is_reported_by_the_page_itself(self, client_of, student, ta, say):
        say(student, ta)
        post_json(client_of(ta), student, text="Hello yourself")
        assert Participation.objects.get(user=ta).unread == 1

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"text": ""}, 422, "invalid"),
            ({"text": "ก" * 4001}, 422, "too_long"),
            ({"text": "a\0b"}, 422, "invalid"),
        ],
    )
    def test_errors_have_the_socket_s_codes(self, client_of, student, ta, fields, status, code):
        name = str(uuid.uuid4())
        found, body = post_json(client_of(student), ta, client_id=name, **fields)
        assert (found, body["type"], body["code"], body["client_id"]) == (
            status,
            "error",
            code,
            name,
        )

    def test_who_may_not_write_learns_it(self, client_of, student, stranger, ta):
        status, body = post_json(client_of(student), stranger, text="Hello")
        assert (status, body["code"], body["client_id"]) == (403, "not_allowed", None)
        Block.objects.create(blocker=ta, blocked=student)
        status, body = post_json(client_of(student), ta, text="Hello")
        assert (status, body["code"]) == (403, "blocked")
        status, body = post_json(client_of(student), student, text="Hello")
        assert (status, body["code"]) == (422, "invalid")

    def test_too_many_are_429(self, clock, client_of, student, ta, say):
        for _ in range(30):
            say(student, ta)
        status, body = post_json(client_of(student), ta, text="One more")
        assert (status, body["code"]) == (429, "rate_limited")

    def test_nobody_is_404(self, client_of, student):
        response = client_of(student).post("/messages/999999/", {"text": "Hello"})
        assert response.status_code == 404

    def test_forms_of_other_sites_are_refused(self, student, ta):
        client = Client(enforce_csrf_checks=True)
        client.force_login(student)
        assert post(client, ta, text="Hello").status_code == 403
        assert not Message.objects.exists()


class TestOthers:
    """Nobody but the two can read a conversation, pictures included."""

    @pytest.fixture
    def sent(self, student, ta):
        picture = pictures.read(photo(), student.pk)
        return services.send(student.pk, ta.pk, uuid.uuid4(), "Look", picture)

    def test_the_two_see_the_picture_and_its_thumbnail(self, client_of, sent, student, ta):
        for person in (student, ta):
            for query, stored in (("", sent.image), ("?size=thumb", sent.thumb)):
                response = client_of(person).get(f"/messages/images/{sent.pk}/{query}")
                assert response.status_code == 200
                assert response.content == stored.open().read()
                assert response.headers["Content-Type"] == "image/webp"
                assert response.headers["Cache-Control"].startswith("private")
                assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_a_browser_that_has_one_is_sent_nothing(self, client_of, sent, student, stranger):
        path = f"/messages/images/{sent.pk}/"
        full, thumb = (client_of(student).get(path + query) for query in ("", "?size=thumb"))
        assert full.headers["ETag"] != thumb.headers["ETag"]
        has_it = {"If-None-Match": full.headers["ETag"]}
        again = client_of(student).get(path, headers=has_it)
        assert (again.status_code, again.content) == (304, b"")
        assert client_of(student).get(path + "?size=thumb", headers=has_it).status_code == 200
        assert client_of(stranger).get(path, headers=has_it).status_code == 404

    def test_nobody_else_does(self, client_of, sent, stranger, staff):
        for person in (stranger, staff):
            client = client_of(person)
            assert client.get(f"/messages/images/{sent.pk}/").status_code == 404
            assert client.get(f"/messages/report/{sent.pk}/").status_code == 404
            assert client.get(f"/media/{sent.image.name}").status_code == 404
        assert Client().get(f"/messages/images/{sent.pk}/").status_code == 302
        assert Client().get(f"/media/{sent.image.name}").status_code == 404

    def test_a_conversation_is_not_there_for_others(self, client_of, sent, student, stranger):
        client = client_of(stranger)
        assert client.get(f"/messages/{student.pk}/").status_code == 404
        assert client.get(f"/messages/{student.pk}/history/").status_code == 404
        assert client.post(f"/messages/{student.pk}/read/", {"last_id": 1}).status_code == 404
        assert client.get("/messages/unread/").json() == {"total": 0, "conversations": {}}


class TestReading:
    def test_upto_a_message_and_never_back(self, client_of, student, ta, say):
        ids = [say(student, ta).pk for _ in range(4)]
        path, client = f"/messages/{student.pk}/read/", client_of(ta)
        assert client.post(path, {"last_id": ids[1]}).status_code == 302
        assert client.get("/messages/unread/").json() == {
            "total": 2,
            "conversations": {str(student.pk): 2},
        }
        client.post(path, {"last_id": ids[0]})
        assert Participation.objects.get(user=ta).unread == 2
        client.post(path, {"last_id": 10**15})
        assert Participation.objects.get(user=ta).unread == 0
        assert Participation.objects.get(user=ta).last_read_id == ids[3]

    @pytest.mark.parametrize("value", ["", "0", "-1", "x", "9" * 30, "1.5"])
    def test_garbage_is_said_to_be_that(self, client_of, student, ta, say, value):
        say(student, ta)
        path = f"/messages/{student.pk}/read/"
        assert client_of(ta).post(path, {"last_id": value}).status_code == 422


class TestReports:
    def test_a_copy_is_kept_once(self, client_of, student, ta, say):
        said = say(student, ta, "Something rude")
        path, client = f"/messages/report/{said.pk}/", client_of(ta)
        for _ in range(2):
            assert client.post(path, {"reason": "It is rude."}).status_code == 302
        made = Report.objects.get()
        assert (made.reporter, made.reported, made.text, made.reason, made.status) == (
            ta,
            student,
            "Something rude",
            "It is rude.",
            "open",
        )

    def test_it_needs_words_and_the_other_s_message(self, client_of, student, ta, say):
        said = say(student, ta)
        path = f"/messages/report/{said.pk}/"
        assert client_of(ta).post(path, {"reason": ""}).status_code == 422
        assert client_of(student).post(path, {"reason": "Mine"}).status_code == 404
        assert not Report.objects.exists()
