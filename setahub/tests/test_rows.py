"""Rows that are made without their model's constructor are those that it makes."""

import pytest
from django.apps import apps
from django.db import models
from django.db.models.signals import post_init, pre_init

from accounts.models import User
from setahub.core.db.rows import QuickRow
from topics.models import Registration

QUICK = [each for each in apps.get_models() if issubclass(each, QuickRow)]


@pytest.mark.parametrize("model", QUICK, ids=lambda model: model.__name__)
def test_a_row_is_what_django_makes_of_it(model):
    names = [field.attname for field in model._meta.concrete_fields]
    values = [None if name == "deleted_at" else number for number, name in enumerate(names)]
    quick, slow = model.from_db("default", names, values), model(*values)
    state = {name: value for name, value in vars(quick).items() if name != "_state"}
    assert state == {name: value for name, value in vars(slow).items() if name != "_state"}
    assert (quick._state.adding, quick._state.db) == (False, "default")
    assert quick._state.fields_cache == {}


@pytest.mark.parametrize("model", QUICK, ids=lambda model: model.__name__)
def test_nobody_listens_to_how_it_is_made(model):
    assert not pre_init.has_listeners(model)
    assert not post_init.has_listeners(model)


def test_what_was_left_out_is_asked_for_when_it_is_wanted(ta, django_assert_num_queries):
    with django_assert_num_queries(2):
        row = User.objects.only("username").get(pk=ta.pk)
        assert row.get_deferred_fields() == {
            field.attname for field in User._meta.concrete_fields
        } - {"id", "username"}
        assert row.bio == ta.bio


def test_a_row_is_changed_and_stored_as_ever(ta, topic):
    row = Registration.objects.select_related("user").get(user=ta)
    assert row.user == ta
    row.user.bio = "I teach"
    row.user.save()
    assert User.objects.get(pk=ta.pk).bio == "I teach"
    assert isinstance(row, models.Model)
