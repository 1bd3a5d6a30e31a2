"""What can be seen of a text, what reads the same, and that every form sees it so."""

import unicodedata
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from hypothesis import given
from hypothesis import strategies as st

from setahub.core import clock as when
from setahub.core.keys import fold, fold_email, fold_search
from setahub.core.text import (
    has_look_alikes,
    has_piled_marks,
    is_blank,
    is_invisible,
    one_way,
    trimmed,
)
from setahub.core.web.fields import ClockField, DayField, EndField, LinesField

NOTHING = [
    "", " ", "\n\t", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2800", "\u3164", "\uffa0", "\u115f",
    "\u00ad", "\u034f", "\ufe0f", "\u2060", "\u061c", "\u202e", "\u2066", "\u180e", "\U000e0041",
    "\U000e0100", "\u200b \u2800\n\u3164",
]  # fmt: skip
DRAWN_FORMATS = (
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


class TestWhatShowsNothing:
    @pytest.mark.parametrize("text", NOTHING)
    def test_is_blank(self, text):
        assert is_blank(text)
        assert trimmed(text) == ""
        assert fold(text) == ""

    @pytest.mark.parametrize(
        "text", ["a", "ก", "\u0301", "🙂", "❤️", ".", "\u200ba", "\u0600", "\ue000"]
    )
    def test_all_else_is_not(self, text):
        assert not is_blank(text)

    def test_every_space_control_and_format_character_does(self):
        for char in map(chr, (*range(0x20000), *range(0xE0000, 0xE1000))):
            if unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
                assert is_invisible(char) == (char not in DRAWN_FORMATS), hex(ord(char))

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("\u200b\u00a0 Ada \ufeff\n", "Ada"),
            ("A\u200bda", "A\u200bda"),
            ("I ❤️", "I ❤️"),
            ("I ❤️\u200b ", "I ❤️"),
            ("Ada\ufe0f", "Ada"),
            ("葛\U000e0100", "葛\U000e0100"),
            ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
            ("  \ufe0f", ""),
        ],
    )
    def test_goes_from_the_ends_and_stays_where_it_belongs_to_a_character(self, typed, kept):
        assert trimmed(typed) == kept

    def test_takes_time_in_proportion(self):
        assert trimmed("\u200b" * 500_000 + "a" + "\u200b " * 500_000) == "a"

    def test_what_turns_the_direction_goes_from_one_line_among_others(self):
        assert one_way("a\u202eb\u2066c\u2069\u200f") == "abc"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("คำ", "คํา"),  # sara am in one, and as nikhahit and sara aa
        ("น้ำ", "นํ้า"),
        ("น้ำ", "น้ํา"),
        ("น้ำ", "นำ้"),
        ("แมว", "เเมว"),
        ("ที่", "ท่ี"),
        ("ผู้", "ผู้"),
        ("สิทธิ์", "สิทธ์ิ"),
        ("ดี", "ดีี"),
        ("ນ້ຳ", "ນໍ້າ"),
        ("Admin", "Ａdmin"),
        ("Admin", "𝐀𝑑𝓂𝔦𝕟"),
        ("Admin", "A\u200bd\u2060m\u00adi\u034fn\ufe0f"),
        ("ﬁsh", "FISH"),
        ("a b", "a \u00a0\u3000 b"),
        ("Object-Oriented", "Object\u2011Oriented"),
        ("Object-Oriented", "Object\u2013Oriented"),
        ("Dijkstra's", "Dijkstra\u2019s"),
        ('"Hello"', "\u201cHello\u201d"),
        ("カタカナ", "ｶﾀｶﾅ"),
    ],
)
def test_what_reads_the_same_has_one_key(one, other):
    assert fold(one) == fold(other)
    assert fold_search(one) == fold_search(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("น้ำ", "นำ"), ("น้ำ", "น่ำ"), ("เมว", "แมว"), ("Bezier", "Bézier"), ("a b", "ab"), ("ดี", "ดิ")],
)
def test_what_reads_otherwise_has_another(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bezier", "BÉZIER"),
        ("Angstrom", "Ångström"),
        ("Lodz", "Łódź"),
        ("tieng Viet", "tiếng Việt"),
    ],
)
def test_a_search_knows_no_accents_of_latin_letters(one, other):
    assert fold_search(one) == fold_search(other)


@pytest.mark.parametrize(("one", "other"), [("น้ำ", "นำ"), ("ดี", "ดิ"), ("кий", "кии"), ("が", "か")])
def test_a_search_keeps_all_other_marks(one, other):
    assert fold_search(one) != fold_search(other)


def test_half_a_thai_word_is_in_the_key_of_the_whole():
    whole = fold_search("น้ำฝน")
    assert all(fold_search("น้ำฝน"[:length]) in whole for length in range(1, 6))


@given(st.text())
def test_a_key_has_itself_as_its_key_and_no_form_of_a_text_another(text):
    assert fold(fold(text)) == fold(text)
    for form in ("NFC", "NFD", "NFKC"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


def test_a_key_is_at_most_eighteen_times_as_long():
    assert len(fold("\ufdfa" * 50)) == 900


def test_emails_that_look_alike_are_of_different_people():
    assert fold_email("Ploy@kmitl.ac.th") == fold_email("PLOY@KMITL.AC.TH")
    assert fold_email("ｐloy@kmitl.ac.th") != fold_email("ploy@kmitl.ac.th")


@pytest.mark.parametrize(
    "name",
    [
        "SЕTAHub Staff",
        "Pаul",
        "Αdmin",
        "Gοogle",
        "Ꭰan",
        "օlga",
        "Data Ѕсору",
        "Адmin",
        "Ｐаul",
        "p\u0430\u0301ul",
        "ᴀdmin",
        "ᴀᴅᴍɪɴ",
        "ɡoogle",
    ],
)
def test_letters_of_another_script_that_pass_for_latin_ones_are_seen(name):
    assert has_look_alikes(name)


@pytest.mark.parametrize(
    "name",
    [
        "Admin", "Ａdmin", "Анна", "Русский (Russian)", "Νίκος", "α-β pruning", "σ-algebra", "Δt",
        "µController", "λ calculus", "ไทย Thai", "データ Data", "Émile", "한국 Korea", "C++", "नमस्ते Hi",
    ],
)  # fmt: skip
def test_other_mixtures_are_no_disguise(name):
    assert not has_look_alikes(name)


def test_three_marks_on_a_letter_are_fine_and_four_are_not():
    assert not has_piled_marks("a\u0301\u0302\u0303" * 3)
    assert has_piled_marks("ok a\u0301\u0302\u0303\u0304")
    assert has_piled_marks("á\u0302\u0303\u0304")
    assert not has_piled_marks("ที่ผู้ tiếng မြို့")


class TestForms:
    class Form(forms.Form):
        word = forms.CharField()
        lines = LinesField(required=False)
        email = forms.EmailField(required=False)
        secret = forms.CharField(strip=False, required=False)

    class Numbers(forms.Form):
        whole = forms.IntegerField(max_value=10)
        part = forms.DecimalField()
        day = DayField()
        plain_day = forms.DateField()
        begin = ClockField()
        end = EndField()
        moment = forms.DateTimeField()
        choice = forms.TypedChoiceField(choices=[(1, "one"), (2, "two")], coerce=int)
        several = forms.SplitDateTimeField()

    @pytest.mark.parametrize(
        "nothing", ["\u200b", "\ufeff", "\u00a0", "\u2060", " \u00ad\u200e", "\u3000"]
    )
    def test_numbers_days_times_and_choices_do_too(self, nothing):
        typed = {
            "whole": "3", "part": "1.5", "day": "2026-11-26", "plain_day": "2026-11-26", "begin": "13:00",
            "end": "24:00", "moment": "2026-11-26 13:00", "choice": "2", "several_0": "2026-11-26",
            "several_1": "13:00",
        }  # fmt: skip
        form = self.Numbers({name: nothing + text + nothing for name, text in typed.items()})
        assert form.is_valid(), form.errors
        day, moment = date(2026, 11, 26), datetime(2026, 11, 26, 13, tzinfo=when.zone())
        assert form.cleaned_data == {
            "whole": 3, "part": Decimal("1.5"), "day": day, "plain_day": day, "begin": time(13), "end": time(0),
            "moment": moment, "choice": 2, "several": moment,
        }  # fmt: skip

    def test_a_number_of_nothing_that_shows_is_missing(self):
        form = self.Numbers({"whole": "\u200b", "day": "\u00a0"})
        assert form.errors["whole"] == form.errors["day"] == ["This field is required."]

    def test_inside_a_number_nothing_is_dropped(self):
        assert "whole" in self.Numbers({"whole": "1\u200b0"}).errors

    def test_every_text_field_drops_what_is_invisible_at_its_ends(self):
        form = self.Form(
            {"word": "\u200bAda\u00a0", "lines": "a\nb\u200b\n", "email": "\ufeffa@b.example\u200b"}
        )
        assert form.is_valid(), form.errors
        assert form.cleaned_data == {
            "word": "Ada", "lines": "a\nb", "email": "a@b.example", "secret": "",
        }  # fmt: skip

    @pytest.mark.parametrize("text", NOTHING)
    def test_what_shows_nothing_is_missing(self, text):
        assert list(self.Form({"word": text}).errors) == ["word"]

    def test_a_password_stays_as_it_was_typed(self):
        form = self.Form({"word": "x", "secret": " \u200bs\u00a0"})
        assert form.is_valid()
        assert form.cleaned_data["secret"] == " \u200bs\u00a0"

    def test_what_no_database_stores_is_refused_and_not_mended(self):
        assert list(self.Form({"word": "a\0"}).errors) == ["word"]

    def test_forms_of_libraries_do_the_same(self):
        field = AuthenticationForm.base_fields["username"]
        assert field.clean("\u200bploy@kmitl.ac.th\u00a0") == "ploy@kmitl.ac.th"
