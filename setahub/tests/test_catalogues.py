"""The catalogues: whole, with the same placeholders and tags as the English, and compiled."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import django
import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, trans_real

from setahub.core.catalogues import compile_changed

LOCALE = Path(settings.BASE_DIR) / "locale"
# Those of the site, and of what libraries lack.
CATALOGUES = sorted(LOCALE.glob("**/LC_MESSAGES/django.po"))
CATALOGUE = LOCALE / "th/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|\{[a-z_]+\}")
TAG = re.compile(r"</?[a-z][^>]*>|&[a-z]+;")


def language_of(catalogue):
    return catalogue.parts[-3]


@pytest.fixture(scope="module", params=CATALOGUES, ids=str)
def messages(request):
    with request.param.open("rb") as text:
        return [each for each in read_po(text, locale=language_of(request.param)) if each.id]


def english(message):
    """Its text; of one that counts, that of many."""
    return message.id if isinstance(message.id, str) else message.id[1]


def translated(message):
    return message.string if isinstance(message.string, str) else message.string[-1]


def test_every_language_but_that_of_the_code_has_one():
    spoken = {code for code, _name in settings.LANGUAGES}
    assert {*map(language_of, CATALOGUES)} == spoken - {"en"}


def test_nothing_is_untranslated_or_guessed(messages):
    assert [english(each) for each in messages if not translated(each) or each.fuzzy] == []


def test_placeholders_and_tags_are_those_of_the_english(messages):
    for parts in (PLACEHOLDER, TAG):
        wrong = []
        for each in messages:
            wanted, given = (
                Counter(parts.findall(text)) for text in (english(each), translated(each))
            )
            wrong += [english(each)] if wanted != given else []
        assert wrong == []


def test_space_at_the_ends_is_kept(messages):
    ends = re.compile(r"^(\s*).*?(\s*)$", re.DOTALL)
    assert [
        english(each)
        for each in messages
        if ends.sub(r"\1|\2", english(each)) != ends.sub(r"\1|\2", translated(each))
    ] == []


def test_it_is_compiled_where_it_is_newer_and_only_there(tmp_path):
    source = tmp_path / "th/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    shutil.copy(CATALOGUE, source)
    assert compile_changed([tmp_path]) == [source.with_suffix(".mo")]
    assert compile_changed([tmp_path]) == []


def test_where_nothing_can_be_written_the_site_goes_on_in_english(tmp_path, caplog, monkeypatch):
    source = tmp_path / "th/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    shutil.copy(CATALOGUE, source)
    monkeypatch.setattr("setahub.core.catalogues.write_mo", _full)
    assert compile_changed([tmp_path]) == []
    assert "can't be compiled" in caplog.text


def _full(*args: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_site_speaks_it():
    with translation.override("th"):
        assert gettext("Cancel the booking") == "ยกเลิกการจอง"


@pytest.mark.skipif(
    shutil.which("msgmerge") is None and "CI" not in os.environ,
    reason="GNU gettext is not installed",
)
def test_it_has_the_texts_of_the_code_and_no_others(tmp_path):
    """What ``script/messages`` would write is what stands there."""
    root = Path(settings.BASE_DIR)
    copy = tmp_path / "site"
    skipped = shutil.ignore_patterns(".*", "var", "bench", "tests", "conftest.py", "static", "*.mo")
    shutil.copytree(root, copy, ignore=skipped, symlinks=True)
    command = (root / "script/messages").read_text().partition("script/bootstrap dev\n")[2]
    command = "set -eu\n" + command.replace(".venv/bin/python", sys.executable)
    environment = os.environ | {"DEBUG": "on", "DJANGO_SETTINGS_MODULE": "setahub.settings"}
    subprocess.run(["sh", "-c", command], cwd=copy, env=environment, check=True)
    made = copy / CATALOGUE.relative_to(root)
    assert made.read_text() == CATALOGUE.read_text()


# Parts of Django that pages show, and of them what none of ours does: what is there for code and
# for fields that no model here has, a page of its admin that ours replaces, pages without a use.
SHOWN = ("contrib/admin/", "contrib/auth/password_validation", "core/", "db/models/", "forms/")
NEVER_SHOWN = (
    "IPv", "%(protocol)s", "String (unlimited)", "Positive big", "Raw binary", "Universally",
    "A JSON object", "step size %(limit_value)s, starting", "between {min_days}",
    "After you’ve created", "password-based", "Something’s wrong with your database",
    "Forgotten", "Thanks for spending", "Please enter your old password",
    "We’ve emailed you", "If you don’t receive", "In case you’ve forgotten", "[DD]",
)  # fmt: skip


def test_what_pages_show_of_django_is_in_thai():
    """An upgrade brings new texts, for which Django has no Thai for years."""
    lacking = []
    with translation.override("th"):
        known = trans_real.translation("th")._catalog
        for source in sorted(Path(django.__file__).parent.glob("**/en/LC_MESSAGES/django.po")):
            with source.open("rb") as text:
                for each in read_po(text):
                    files = [name for name, _line in each.locations]
                    single = each.id if isinstance(each.id, str) else (each.id[0], 0)
                    key = f"{each.context}\x04{single}" if each.context else single
                    if each.id and key not in known and any(map(is_shown, files)):
                        lacking.append(english(each))
    worded = [text for text in lacking if re.search("[a-z]", text)]
    assert [text for text in worded if not any(part in text for part in NEVER_SHOWN)] == []


def is_shown(file):
    return file.startswith(SHOWN)


# As docs/glossary-th.md says: they read as something else, or as translated.
NEVER_SAID = ("ช่องว่าง", "ขอเวลา", "เป็นธรรม", "ดูด้านบน", "ครับ", "ค่ะ")


def test_words_that_the_glossary_rules_out_are_not_used(messages):
    said = [translated(each) for each in messages]
    assert [text for text in said if any(word in text for word in NEVER_SAID)] == []
