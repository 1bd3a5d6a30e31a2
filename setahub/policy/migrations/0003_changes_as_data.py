"""Changes of the policy become data: names of fields and values, where they were words.

What no field is called, and what is no number, stays a text as it was written.
"""

import json
import re

from django.db import migrations, models
from django.utils.translation import gettext, override

LANGUAGES = ["en", "th"]
FLAGS = {"yes": True, "no": False}


def labels(apps):
    """The name of each field by what it is called, in each language."""
    fields = apps.get_model("setahub", "FacultyPolicy")._meta.local_fields
    names = {}
    for language in LANGUAGES:
        with override(language):
            names[gettext("Exam week")] = "exam_week"
            names |= {gettext(str(field.verbose_name)): field.name for field in fields}
    return names


def value_of(words):
    for language in LANGUAGES:
        with override(language):
            if words == gettext("none"):
                return None
            for word, flag in FLAGS.items():
                if words == gettext(word):
                    return flag
            own = re.escape(gettext("%(value)s (default)")).replace(re.escape("%(value)s"), "(.+)")
            if own_number := re.fullmatch(own, words):
                return {"default": value_of(own_number[1])}
    return int(words) if words.isdecimal() else words


def words_of(value):
    if isinstance(value, dict) and "default" in value:
        return f"{words_of(value['default'])} (default)"
    if isinstance(value, dict):
        days = dict.fromkeys((value["first_day"], value["last_day"]))
        return f"{value['name']}, {' – '.join(days)}"
    plain = {None: "none", True: "yes", False: "no"}
    return plain[value] if value is None or isinstance(value, bool) else str(value)


def to_data(apps, schema_editor):
    names = labels(apps)
    for change in apps.get_model("setahub", "PolicyChange").objects.iterator():
        change.what = names.get(change.what, change.what)
        change.old, change.new = (
            json.dumps(value_of(words), ensure_ascii=False) for words in (change.old, change.new)
        )
        change.save(update_fields=["what", "old", "new"])


def to_words(apps, schema_editor):
    fields = apps.get_model("setahub", "FacultyPolicy")._meta.local_fields
    with override("en"):
        names = {field.name: str(field.verbose_name) for field in fields}
    names["exam_week"] = "Exam week"
    for change in apps.get_model("setahub", "PolicyChange").objects.iterator():
        change.what = names.get(change.what, change.what)
        change.old, change.new = (
            words_of(json.loads(text))[:200] for text in (change.old, change.new)
        )
        change.save(update_fields=["what", "old", "new"])


class Migration(migrations.Migration):
    dependencies = [("setahub", "0002_coordinators")]

    operations = [
        migrations.AlterField(
            model_name="policychange", name="old", field=models.TextField(verbose_name="from")
        ),
        migrations.AlterField(
            model_name="policychange", name="new", field=models.TextField(verbose_name="to")
        ),
        migrations.RunPython(to_data, to_words),
    ]
