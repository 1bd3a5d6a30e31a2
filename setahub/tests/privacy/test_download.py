"""Download my data, and delete my account: tried against every model that points at a user.

A new model fails ``test_every_relation_to_a_user_is_answered_for`` until its app's ``personal.py``
says what is exported and what is erased; and ``test_the_world_has_one_of_everything`` until the
world below has a row of it.
"""

import io
import json
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User
from accounts.services import privacy
from accounts.tests.test_mfa import confirmed
from setahub.tests.privacy.steps import OTHERS, OWN, pointing_at, relations

pytestmark = pytest.mark.django_db


def test_every_relation_to_a_user_is_answered_for():
    answered = [label for part in privacy.parts for label in (*part.gone, *part.kept)]
    assert len(answered) == len(set(answered))
    assert set(answered) - {"topics.Topic.creator"} == set(relations()) - {"topics.Topic.creator"}


def test_the_world_has_one_of_everything(person):
    assert [label for label in relations() if not pointing_at(label, person)] == []


def test_every_field_of_a_user_is_exported_or_a_secret(person):
    [profile] = [part for part in privacy.parts if part.name == "profile"]
    exported = json.dumps(profile.export(person), default=str, ensure_ascii=False)
    secret = {"password", "calendar_nonce"}
    derived = {"username_key", "search_key", "sort_key", "email_key", "deleted_at"}
    switches = {
        field.name for field in User._meta.fields if field.name.startswith(("mail_", "push_"))
    }
    names = {
        "username": "name", "bio": "about", "avatar": "picture", "date_joined": "joined",
        "last_login": "last_signed_in", "is_active": "active", "is_staff": "staff",
        "is_superuser": "superuser",
    }  # fmt: skip
    for field in User._meta.concrete_fields:
        if field.name not in secret | derived | switches:
            assert f'"{names.get(field.name, field.name)}": ' in exported, field.name


def archive_of(client: Client) -> zipfile.ZipFile:
    response = client.get("/users/me/data/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="setahub-data.zip"'
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_the_archive_has_all_that_is_ones_own(person, sign_in):
    archive = archive_of(confirmed(sign_in(person)))
    assert archive.testzip() is None
    texts = {name: archive.read(name).decode() for name in archive.namelist() if "/" not in name}
    whole = "\n".join(texts.values())
    for word in [*OWN, "How do beetles sort?", "I overslept", "Hello from me", "Beetles", "rude"]:
        assert word in whole, word
    assert json.loads(texts["blocks.json"])[0]["blocked"] == "Napat"
    assert [each["as"] for each in json.loads(texts["bookings.json"])].count("TA") == 3
    pictures = {archive.read(name) for name in archive.namelist() if name.startswith("pictures/")}
    assert pictures == {b"face", b"beetle", b"beetle picture"}


def test_the_archive_has_no_secret_and_nothing_private_of_others(person, sign_in):
    archive = archive_of(confirmed(sign_in(person)))
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    for word in [*OTHERS, "SECRETOFTOTP", person.password, "x" * 32, "a reason for"]:
        assert word not in whole, word


def test_a_picture_that_is_gone_from_the_disk_spoils_nothing(person, sign_in):
    default_storage.delete(person.avatar.name)
    assert "pictures/profile.webp" not in archive_of(confirmed(sign_in(person))).namelist()


def test_downloads_are_limited(student, sign_in, settings):
    client = confirmed(sign_in(student))
    answers = [client.get("/users/me/data/") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert "Try again in 60 minutes." in answers[-1].content.decode()
    settings.RATE_LIMITS = False
    assert client.get("/users/me/data/").status_code == 200
