"""CSV for spreadsheets: Thai shows, nothing is calculated, and size doesn't matter."""

import csv
import io
import tracemalloc
from datetime import datetime

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import AsyncClient

from accounts.models import User
from setahub.core import clock as when
from setahub.core.admin.export import ROWS, cell, in_chunks

EXPORT = "/admin/accounts/user/export/"


def rows(response):
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+66 81", "'+66 81"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("น้ำฝน", "น้ำฝน"),
        (-1, -1),
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (datetime(2026, 11, 24, 13, 0, tzinfo=when.zone()), "2026-11-24 13:00"),
    ],
)
def test_a_cell_is_never_a_formula(value, expected):
    assert cell(value) == expected


def test_the_file_has_a_mark_titles_and_rows(staff, sign_in, make_user, clock):
    User.objects.filter(pk=staff.pk).update(student_id="65010001")
    response = sign_in(staff).get(EXPORT)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="users-2026-11-23.csv"'
    titles, line = rows(response)
    assert titles[:5] == ["ID", "Name", "Email", "Student ID", "Year"]
    assert line[1:8] == ["Staff", staff.email, "65010001", "3", "no", "no", "yes"]


def test_it_holds_what_the_list_shows(staff, sign_in, student, ta):
    client = sign_in(staff)
    found = {line[1] for line in rows(client.get(EXPORT, {"ta": "yes"}))[1:]}
    assert found == {"น้ำฝน"}
    assert {line[1] for line in rows(client.get(EXPORT, {"q": "สมชาย"}))[1:]} == {"สมชาย ใจดี"}
    page = client.get("/admin/accounts/user/?ta=yes").content.decode()
    assert f'href="{EXPORT}?ta=yes"' in page


def test_each_export_is_logged(staff, sign_in):
    sign_in(staff).get(EXPORT, {"ta": "yes"})
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.change_message) == (staff, "CSV export", "ta=yes")


def test_who_may_only_look_exports_nothing(make_user, sign_in):
    viewer = make_user("Viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
    client = sign_in(viewer)
    assert client.get(EXPORT).status_code == 403
    assert "Download as CSV" not in client.get("/admin/accounts/user/").content.decode()


@pytest.mark.django_db
def test_visitors_are_sent_to_the_login(client):
    assert client.get(EXPORT).status_code == 302


def test_many_rows_need_no_more_memory_than_few():
    def peak(count):
        tracemalloc.start()
        lines = ([number, "น้ำฝน" * 20] for number in range(count))
        size = sum(len(chunk) for chunk in in_chunks(["n", "name"], lines))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    small_size, small = peak(5 * ROWS)
    large_size, large = peak(50 * ROWS)
    assert large_size > 9 * small_size
    assert large < 1.2 * small


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_is_sent_while_it_is_made(staff, monkeypatch):
    monkeypatch.setattr("setahub.core.admin.export.ROWS", 2)
    User.objects.bulk_create(
        User(username=f"U{n}", email=f"u{n}@example.com", username_key=f"u{n}", email_key=f"u{n}")
        for n in range(5)
    )
    client = AsyncClient()
    client.force_login(staff)

    async def read():
        response = await client.get(EXPORT)
        assert response.is_async
        return [chunk async for chunk in response.streaming_content]

    chunks = async_to_sync(read)()
    assert [chunk.count(b"\n") for chunk in chunks] == [3, 2, 2, 0]
