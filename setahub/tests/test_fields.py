"""What repeats on pages with forms: fields, whole forms, crumbs, notices. The admin keeps its own."""

import pytest
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.template.loader import render_to_string

from setahub.core.web.fields import LinesField


class Form(forms.Form):
    base = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", help_text="As on your <b>card</b>.")
    room = forms.CharField(label="Room", required=False)
    size = forms.ChoiceField(
        label="Size", choices=[("s", "Small"), ("l", "Large")], widget=forms.RadioSelect
    )
    agree = forms.BooleanField(label="I agree", help_text="Read it first.", required=False)
    text = LinesField(label="Text", rows=3, required=False)

    def clean(self) -> None:
        self.add_error(None, "Not today.")


def drawn(template: str, **shown: object) -> str:
    """The HTML, every run of white space as one space and none between tags."""
    html = " ".join(Template("{% load i18n %}" + template).render(Context(shown)).split())
    return html.replace("> <", "><")


def group(form: forms.Form, name: str) -> str:
    return drawn("{{ field.as_field_group }}", field=form[name])


class TestField:
    def test_help_and_errors_are_what_the_input_is_described_by(self):
        html = group(Form({}), "name")
        assert 'aria-describedby="id_name_helptext id_name_error"' in html
        assert 'aria-invalid="true"' in html
        assert '<div class="help" id="id_name_helptext">As on your <b>card</b>.</div>' in html
        assert '<div id="id_name_error" class="stack-xs"><p class="error">' in html
        assert "<span>This field is required.</span>" in html

    def test_one_without_help_and_errors_is_described_by_nothing(self):
        html = group(Form(), "room")
        assert "aria-" not in html
        assert "id_room_" not in html

    def test_what_may_be_empty_says_so_unless_it_is_unmarked(self):
        form = Form()
        assert '<label for="id_name"> Name </label>' in group(form, "name")
        marked = '<label for="id_room"> Room <span class="optional">optional</span></label>'
        assert marked in group(form, "room")
        form.fields["room"].unmarked = True
        assert '<label for="id_room"> Room </label>' in group(form, "room")

    def test_radios_are_a_fieldset_with_its_legend_and_error(self):
        html = group(Form({}), "size")
        legend = '<fieldset class="field" aria-describedby="id_size_error"><legend>Size</legend>'
        assert html.startswith(legend)
        assert '<label class="pick" for="id_size_1"><input type="radio"' in html
        assert html.endswith("</div></fieldset>")

    def test_a_checkbox_stands_before_its_words(self):
        html = group(Form(), "agree")
        assert '<label class="check" for="id_agree"><input type="checkbox"' in html
        assert "<span>I agree</span></label>" in html
        assert '<div class="help" id="id_agree_helptext">Read it first.</div>' in html
        assert "optional" not in html

    def test_lines_are_as_many_as_the_form_says(self):
        assert '<textarea name="text" cols="40" rows="3" id="id_text">' in group(Form(), "text")


class TestWholeForm:
    def test_what_belongs_to_no_field_that_is_seen_is_a_notice_and_all_else_a_field(self):
        html = drawn("{{ form }}", form=Form({}))
        assert html.count('class="notice bad" role="alert" data-form-errors tabindex="-1"') == 2
        assert html.count("<p>Not today.</p>") == 1
        assert html.count("<p>This field is required.</p>") == 1
        assert html.count('<input type="hidden" name="base"') == 1
        names = ["name", "room", "size", "agree", "text"]
        assert [html.count(f'name="{name}"') for name in names] == [1, 1, 2, 1, 1]

    def test_one_without_errors_has_no_notice(self):
        assert "notice" not in drawn("{{ form }}", form=Form())


class TestCrumbs:
    def test_name_the_pages_above_with_their_addresses_and_this_one_without(self, topic):
        html = drawn('{% crumbs "topics:list" _("Topics") topic topic.name "Edit" %}', topic=topic)
        above = f'<li><a href="/topics/">Topics</a></li><li><a href="/topics/{topic.slug}/">'
        assert f'aria-label="Where you are"><ol>{above}{topic.name}</a></li>' in html
        assert '<li aria-current="page">Edit</li></ol>' in html

    def test_without_a_last_name_the_page_is_the_one_before(self, topic):
        html = drawn('{% crumbs "topics:list" "Topics" topic topic.name step %}', topic=topic)
        assert f'Topics</a></li><li aria-current="page">{topic.name}</li></ol>' in html
        assert html.count("<li") == 2


class TestNotice:
    @pytest.mark.parametrize(
        ("kind", "glyph"),
        [("good", "circle-check"), ("warn", "circle-alert"), ("bad", "circle-alert"), ("", "info")],
    )
    def test_has_the_icon_of_its_kind_and_is_heard_at_once_where_it_is_bad(self, kind, glyph):
        html = drawn(f'{{% notice "{kind}" %}}<p>{{{{ text }}}}</p>{{% endnotice %}}', text="<Hi>")
        heard = ' role="alert" data-form-errors tabindex="-1"' if kind == "bad" else ""
        icon = drawn(f'{{% icon "{glyph}" %}}')
        assert html == f'<div class="notice {kind}"{heard}>{icon}<p>&lt;Hi&gt;</p></div>'

    def test_may_have_another(self):
        html = drawn('{% notice "warn" "users" %}{% endnotice %}')
        assert drawn('{% icon "users" %}') in html

    @pytest.mark.parametrize(
        ("kind", "role", "said"), [("warn", "alert", ' role="alert"'), ("bad", "", "")]
    )
    def test_with_a_role_given_is_heard_so_and_leaves_the_focus(self, kind, role, said):
        html = drawn(f'{{% notice "{kind}" role="{role}" %}}{{% endnotice %}}')
        assert html.startswith(f'<div class="notice {kind}"{said}><svg')

    @pytest.mark.parametrize(
        ("level", "kind"),
        [
            (constants.INFO, "good"),
            (constants.SUCCESS, "good"),
            (constants.WARNING, "warn"),
            (constants.ERROR, "bad"),
        ],
    )
    def test_a_message_has_the_kind_of_its_level(self, level, kind):
        messages = [Message(level, "Said.")]
        page = render_to_string("shared/_messages.html", {"messages": messages})
        assert f'<div class="notice {kind}">' in page
        assert '<p dir="auto">Said.</p>' in page


@pytest.mark.parametrize("path", ["setahub/examweek/add/", "accounts/user/{}/change/"])
def test_the_admin_draws_its_forms_as_django_does(sign_in, staff, path):
    client, path = sign_in(staff), path.format(staff.pk)
    html = client.get(f"/admin/{path}").text
    assert 'class="form-row field-' in html
    assert ":</label>" in html
    for ours in ('class="field"', 'class="optional"', 'class="picks"', 'class="notice'):
        assert ours not in html
    wrong = client.post(f"/admin/{path}", {}).text
    assert '<ul class="errorlist"' in wrong
    assert 'class="error"' not in wrong


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("login", ["Email", "Password", "Keep me signed in on this device"]),
        ("signup", ["Name", "Email", "Password", "Student ID", "Year of study"]),
        ("password/reset", ["Email"]),
    ],
)
def test_forms_of_allauth_have_our_labels_and_no_placeholders(db, client, path, labels):
    html = client.get(f"/auth/{path}/").text
    assert "placeholder" not in html
    for label in labels:
        assert label in html


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("password/change", ["Current password", "New password", "New password, once more"]),
        ("email", ["New email"]),
        ("2fa/totp/activate", ["6-digit code"]),
    ],
)
def test_so_have_those_of_who_is_signed_in(student, client, path, labels):
    EmailAddress.objects.create(user=student, email=student.email, verified=True, primary=True)
    client.post("/auth/login/", {"login": student.email, "password": "pass-word-1"})
    html = client.get(f"/auth/{path}/").text
    assert "placeholder" not in html
    for label in labels:
        assert label in html
