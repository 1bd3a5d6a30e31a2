"""What staff did in the admin was logged as a sentence in their language; it becomes the action's name."""

import json

from django.db import migrations

# The titles under which actions were logged, by model, in English and Thai.
TITLES = {
    "accounts.user": {
        "suspend": ("Suspend", "ระงับบัญชี"),
        "restore": ("Restore", "คืนบัญชี"),
        "reset_password": ("Password reset sent", "ส่งลิงก์ตั้งรหัสผ่านใหม่แล้ว"),
        "remove_factors": ("Remove the second step", "ลบการยืนยันขั้นที่สอง"),
    },
    "chat.report": {
        "dismiss": ("Dismiss", "ปิดโดยไม่ดำเนินการ"),
        "warn": ("Warn the person", "ตักเตือน"),
        "suspend": ("Suspend the person", "ระงับบัญชี"),
    },
    "scheduling.helprequest": {"close": ("Close, for all who wait", "ปิดคำขอ สำหรับทุกคนที่รอ")},
    "scheduling.appointment": {"cancel": ("Cancel the sessions", "ยกเลิกช่วงสอน")},
    "scheduling.booking": {
        "cancel": ("Cancel the bookings", "ยกเลิกการจอง"),
        "complete": ("Mark as completed", "บันทึกว่าเสร็จแล้ว"),
        "undo_no_show": ("Undo a no-show", "แก้จากไม่มาตามนัด"),
    },
    "topics.topic": {
        "rename": ("Rename", "เปลี่ยนชื่อ"),
        "merge": ("Merge", "รวมหัวข้อ"),
        "archive": ("Archive", "เก็บเข้าคลัง"),
        "restore": ("Restore", "คืนบัญชี"),
    },
    "topics.registration": {
        "approve": ("Approve", "อนุมัติ"),
        "decline": ("Decline", "ไม่อนุมัติ"),
    },
}
EXPORT = ("CSV export", "ส่งออก CSV")


def to_data(apps, schema_editor):
    """What is not recognised stays the sentence that it is."""
    for entry, titles in _entries(apps):
        title, _colon, words = entry.change_message.partition(": ")
        for action, names in titles.items():
            if title in names:
                entry.change_message = json.dumps([{"action": action, "words": words}])
                entry.save(update_fields=["change_message"])
    log = apps.get_model("admin", "LogEntry").objects
    log.filter(object_id=None, object_repr__in=EXPORT).update(object_repr=EXPORT[0])


def to_sentences(apps, schema_editor):
    for entry, titles in _entries(apps):
        try:
            [done] = json.loads(entry.change_message)
            title, words = titles[done["action"]][0], done["words"]
        except (ValueError, TypeError, KeyError):
            continue
        entry.change_message = f"{title}: {words}" if words else title
        entry.save(update_fields=["change_message"])


def _entries(apps):
    """The lines about rows that have actions, each with their titles."""
    log = apps.get_model("admin", "LogEntry").objects
    for label, titles in TITLES.items():
        app_label, model = label.split(".")
        about = log.filter(content_type__app_label=app_label, content_type__model=model)
        for entry in about.exclude(object_id=None).iterator():
            yield entry, titles


class Migration(migrations.Migration):
    dependencies = [
        ("setahub", "0005_coordinators_of_requests"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [migrations.RunPython(to_data, to_sentences)]
