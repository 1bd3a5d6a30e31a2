"""A refusal and how a page shows it."""

import pytest
from django import forms
from django.utils.translation import gettext_lazy

from setahub.core.web.refusals import RefusableForm, Refusal, attempt


class Full(Refusal):
    """An app's own."""


class NameForm(RefusableForm):
    name = forms.CharField()


def refusing(*args, **kwargs):
    def write():
        raise Full(*args, **kwargs)

    return write


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("full", None, 409),
        ("blocked", None, 403),
        ("invalid", None, 422),
        ("rate_limited", None, 429),
        ("topic", 422, 422),
    ],
)
def test_a_code_has_its_status_unless_another_is_given(code, status, expected):
    assert Refusal(code, "No.", status).status == expected


def test_words_are_text_even_where_they_were_lazy():
    refusal = Refusal("full", gettext_lazy("Sorry"))
    assert type(refusal.message) is str
    assert str(refusal) == "Sorry"


class TestAttempt:
    def test_gives_what_was_done(self):
        assert attempt(lambda: 5) == (5, None)

    def test_gives_what_was_refused_without_the_frames_that_it_came_through(self):
        done, refusal = attempt(refusing("full", "No."))
        assert (done, refusal.code, refusal.__traceback__) == (None, "full", None)

    def test_lets_mistakes_of_ours_through(self):
        with pytest.raises(ZeroDivisionError):
            attempt(lambda: 1 / 0)


class TestForm:
    def test_writes_nothing_that_is_not_valid(self):
        form = NameForm({})
        assert form.attempt(pytest.fail) is None
        assert form.status == 422

    def test_gives_what_was_done(self):
        form = NameForm({"name": "a"})
        assert (form.attempt(lambda: "made"), form.status) == ("made", 200)

    def test_shows_a_refusal_beside_its_field(self):
        form = NameForm({"name": "a"})
        assert form.attempt(refusing("taken", "Taken.", field="name")) is None
        assert form.errors == {"name": ["Taken."]}
        assert (form.refusal, form.status) == (None, 409)

    def test_shows_any_other_above_the_fields(self):
        form = NameForm({"name": "a"})
        form.attempt(refusing("full", "No."))
        assert form.non_field_errors() == ["No."]
        assert (form.refusal.message, form.status) == ("No.", 409)

    def test_an_empty_one_is_shown_as_a_page_that_is_there(self):
        assert NameForm().status == 200
