"""Several at once: each device is told once, and an endpoint has one owner."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts import pushes
from accounts.models import Notice, PushDelivery, PushSubscription, SignIn
from accounts.services import push
from accounts.services.notices import Happening, notify
from accounts.services.push import Given
from accounts.tests.push.service import Browser
from setahub.core.work import worker
from setahub.core.work.tasks import InHand

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

DATA = {"letter": 0, "template": "account/email/password_set"}


def at_once(acts):
    """What each of these gives, or the class of what it raises; all begin at one moment."""
    gate = Barrier(len(acts), timeout=30)

    def run(act):
        gate.wait()
        try:
            return act()
        except Exception as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def happened(push_service, phone, student):
    """Something that happened to the student, who is told on two devices."""
    browsers = [phone(student), phone(student)]
    notify(Happening("security", student.pk, "x", DATA))
    return browsers


def test_what_several_workers_announce_is_on_its_way_once(happened):
    pk = Notice.objects.get().pk
    at_once([lambda: pushes.announce.call("notice", pk)] * 6)
    assert PushDelivery.objects.count() == 2


def test_what_several_workers_deliver_comes_once(happened, push_service):
    pushes.announce.call("notice", Notice.objects.get().pk)
    pk = PushDelivery.objects.first().pk
    done = at_once([lambda: pushes.deliver.call(pk)] * 6)
    assert set(done) <= {None, InHand}
    assert len(push_service.sent) == 1


def test_all_that_several_workers_do_comes_once_to_each(happened, push_service):
    def labour():
        while row := worker.take("one"):
            worker.settle(row, worker.outcome_of(row))

    at_once([labour] * 4)
    labour()  # what was queued when the others had nothing to do
    assert [len(push_service.to(browser)) for browser in happened] == [1, 1]


def test_an_endpoint_that_several_ask_for_has_one_owner(with_key, sign_in, student, stranger):
    asked = Browser().subscription
    given = Given(asked["endpoint"], **asked["keys"])
    people = [student, stranger] * 3
    for user in people:
        sign_in(user)
    acts = [
        lambda user=user, sign_in=sign_in: push.subscribe(user, sign_in, given).user_id
        for sign_in in SignIn.objects.select_related("user")
        if (user := sign_in.user)
    ]
    owners = at_once(acts)
    assert any(isinstance(owner, int) for owner in owners)
    assert PushSubscription.objects.get().user_id in {student.pk, stranger.pk}


def test_ten_stay_ten(with_key, sign_in, student):
    for _number in range(12):
        sign_in(student)
    acts = []
    for sign_in_ in SignIn.objects.all():
        asked = Browser().subscription
        given = Given(asked["endpoint"], **asked["keys"])
        acts.append(lambda at=sign_in_, given=given: push.subscribe(student, at, given).pk)
    assert all(isinstance(pk, int) for pk in at_once(acts))
    assert PushSubscription.objects.count() == push.DEVICES_MAX


def test_asking_and_signing_out_at_once_leaves_nothing_behind(with_key, sign_in, student):
    client = sign_in(student)
    here = SignIn.objects.get()
    asked = Browser().subscription
    given = Given(asked["endpoint"], **asked["keys"])
    at_once([lambda: push.subscribe(student, here, given).pk, lambda: client.post("/auth/logout/")])
    assert not SignIn.objects.exists()
    assert not PushSubscription.objects.exists()


def test_two_who_swap_their_browsers_both_have_the_other_s(with_key, sign_in, student, stranger):
    sign_in(student)
    sign_in(stranger)
    at = {each.user_id: each for each in SignIn.objects.all()}
    asked = [Browser().subscription for _two in range(2)]
    first, second = (Given(each["endpoint"], **each["keys"]) for each in asked)
    for _turn in range(10):
        push.subscribe(student, at[student.pk], first)
        push.subscribe(stranger, at[stranger.pk], second)
        made = at_once(
            [
                lambda: push.subscribe(student, at[student.pk], second).endpoint,
                lambda: push.subscribe(stranger, at[stranger.pk], first).endpoint,
            ]
        )
        assert made == [second.endpoint, first.endpoint]
