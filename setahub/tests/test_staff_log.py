"""What staff did is kept as data, and read in the language of whoever looks."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import translation

from scheduling.tests.reading import text
from setahub.core.admin.actions import Acting
from topics.models import Registration

REGISTRATIONS = "/admin/topics/registration/"
step = import_module("setahub.policy.migrations.0006_staff_actions_as_data")


@pytest.fixture
def in_thai(make_user, sign_in):
    """Another of the staff, who reads Thai."""
    return sign_in(make_user("Anong", is_staff=True, is_superuser=True, language="th"))


def test_what_one_did_in_thai_another_reads_in_english_and_back(
    staff, sign_in, in_thai, topic, ta, stranger
):
    waits, other = (
        Registration.objects.create(user=user, topic=topic, status="pending")
        for user in (stranger, staff)
    )
    in_english = sign_in(staff)
    form = {"confirm": "1", "action": "approve", "_selected_action": [waits.pk]}
    assert "อนุมัติ: " in text(in_thai.post(REGISTRATIONS, {**form, "note": "Oh!"}, follow=True))
    assert "Approve: Oh!" in text(in_english.get(f"{REGISTRATIONS}{waits.pk}/history/"))
    form["_selected_action"] = [other.pk]
    in_english.post(REGISTRATIONS, form)
    page = text(in_thai.get(f"{REGISTRATIONS}{other.pk}/history/"))
    assert "อนุมัติ" in page
    assert "Approve" not in page


def test_every_action_has_a_title_in_every_language():
    for model, page in admin.site._registry.items():
        if isinstance(page, Acting):
            for action in page.actions or ():
                with translation.override("en"):
                    english = page.title_of(action)
                with translation.override("th"):
                    assert page.title_of(action) not in (action, english), (model, action)


def test_old_sentences_become_data_and_data_sentences(staff):
    old = {
        "Approve: Welcome: yes!": '[{"action": "approve", "words": "Welcome: yes!"}]',
        "ไม่อนุมัติ": '[{"action": "decline", "words": ""}]',
        "Approved by hand": "Approved by hand",
        '[{"changed": {"fields": ["Status"]}}]': '[{"changed": {"fields": ["Status"]}}]',
        "": "",
    }
    kind = ContentType.objects.get_for_model(Registration)
    for each in old:
        LogEntry.objects.create(
            user=staff, content_type=kind, object_id="1", object_repr="x", action_flag=CHANGE,
            change_message=each,
        )  # fmt: skip
    lines = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    step.to_data(apps, None)
    assert list(lines.all()) == list(old.values())
    step.to_sentences(apps, None)
    assert list(lines.all()) == ["Approve: Welcome: yes!", "Decline", *list(old)[2:]]
