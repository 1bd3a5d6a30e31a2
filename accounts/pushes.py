"""Push: what happened, on the devices that their person allowed it on. Sent by tasks, once to each.

What happened comes from a *source* that an app registers; a push names it by an id. Its words are
made when it is sent, in its reader's language, and it is not sent where it is no longer so, not wanted
or read by then. A device gets a title, a time and an address of the site, encrypted for it alone.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import PushDelivery, PushSubscription, User
from accounts.models.push import is_push_service
from accounts.queries.push import devices_of, with_devices
from accounts.services import sign_ins
from accounts.services.languages import reading
from accounts.services.push import is_on
from setahub.core import clock, outbound, vapid
from setahub.core.outbound import Answer, OutboundError
from setahub.core.text import one_way
from setahub.core.work.tasks import InHand, TryLater, later, task

logger = logging.getLogger(__name__)

LASTS = timedelta(days=1)  # what could not be delivered by then is dropped
PATIENCE = 10  # seconds for one answer
PAUSE = 30  # seconds in which a service that did not answer is asked for nothing else
TITLE_MAX = 200
TOPIC_MAX = 32  # RFC 8030, section 5.4
SIGNED_FOR = 12 * 3600  # seconds; RFC 8292 allows a day
GONE = (404, 410)
TOO_MANY = 429


@dataclass(frozen=True)
class Push:
    """What a device is told, in words for its reader. ``url``: the path that it leads to."""

    title: str
    at: datetime
    url: str
    urgent: bool = False  # worth waking a device that saves power


@dataclass(frozen=True)
class Source:
    """Where pushes of one sort come from, by the id of what happened.

    ``reader``: whom it happened to; None where they don't want it, have read it, or it is gone.
    ``push``: what they are told, called in their language; None where it is no longer so.
    """

    reader: Callable[[int], User | None]
    push: Callable[[int, User], Push | None]


_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """``name`` is in the rows: at most 10 letters, and it never changes."""
    _sources[name] = source


def queue(source: str, happened: Mapping[int, int]) -> None:
    """Have the devices of people told, inside the transaction of what happened.

    ``happened``: ids of what did, each with the id of its person.
    """
    if not is_on() or not happened:
        return
    told = with_devices(set(happened.values()))
    for pk, user_id in happened.items():
        if user_id in told:
            begin(source, pk)


def begin(source: str, matter: int, after: timedelta = timedelta()) -> None:
    """The same for one whose person is known to have a device.

    ``after``: no sooner than so long from now; what is read until then is not told.
    """
    if is_on():
        later(announce, source, matter, after=after)


@task
def announce(source: str, matter: int) -> None:
    """Begin a delivery to each device of the person."""
    reader = _sources[source].reader(matter)
    if reader is None:
        return
    for device in devices_of(reader.pk):
        with transaction.atomic():
            delivery, is_new = PushDelivery.objects.get_or_create(
                subscription=device, source=source, matter=matter
            )
            if is_new:
                later(deliver, delivery.pk)


@task(priority=-1)  # behind emails: a push service that is slow must not keep those waiting
def deliver(delivery_id: int) -> None:
    """Send one, once; or not at all, where that is no longer wanted or possible."""
    if not PushDelivery.objects.take_up(delivery_id):
        if PushDelivery.objects.filter(pk=delivery_id, done_at=None).exists():
            raise InHand
        return  # sent, or its device is gone
    try:
        _deliver(PushDelivery.objects.with_device().get(pk=delivery_id))
    except Exception:
        PushDelivery.objects.put_back(delivery_id)
        raise
    PushDelivery.objects.settle(delivery_id)


def _deliver(delivery: PushDelivery) -> None:
    device, source = delivery.subscription, _sources[delivery.source]
    if not is_on():
        return
    if not _is_open(device):
        device.delete()
        return
    reader = source.reader(delivery.matter)
    # Another may have taken the browser over meanwhile.
    if reader is None or reader.pk != device.user_id:
        return
    if device.site_key != vapid.fingerprint(settings.VAPID_PRIVATE_KEY):
        return  # its browser renews it with its next visit
    with reading(reader):
        push = source.push(delivery.matter, reader)
        if push is not None:
            _send(device, push, _body(push))


def _is_open(device: PushSubscription) -> bool:
    """Whether its session still lets its person in."""
    sign_in = device.sign_in
    unused = device.user.is_staff and sign_ins.is_idle(sign_in.last_seen_at)
    has_time = sign_in.session.expire_date > timezone.now()
    return has_time and not unused and sign_in.opens(device.user)


def _body(push: Push) -> bytes:
    """Title, time and address: nothing else of what happened leaves the site."""
    told = {
        "title": one_way(" ".join(push.title.split()))[:TITLE_MAX],
        "time": clock.full(push.at),
        "url": push.url,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _send(device: PushSubscription, push: Push, body: bytes) -> None:
    left = int((push.at + LASTS - timezone.now()).total_seconds())
    if left <= 0:
        logger.warning("A push to %s was given up after a day", device.host)
        return
    if not is_push_service(device.host):
        logger.error("A push to %s was not sent: it is none of PUSH_HOSTS", device.host)
        return
    if _is_silent(device.host):
        raise TryLater
    try:
        sealed = _sealed(device, push, body, left)
        answer = outbound.post(device.endpoint, *sealed, seconds=PATIENCE)
    except OutboundError as error:
        if error.code in ("address", "inside"):
            logger.error("A push to %s was not sent: %s", device.host, error.code)
            return
        logger.warning("A push to %s is put off: %s", device.host, error.code)
        cache.set(_silence(device.host), time.time() + PAUSE, PAUSE)
        raise TryLater from error
    _take(answer, device, left)


def _is_silent(host: str) -> bool:
    """Whether it did not answer a moment ago: thousands would wait for it, one after the other."""
    return bool(cache.get(_silence(host), 0) > time.time())


def _silence(host: str) -> str:
    return f"push-silent:{sha256(host.encode()).hexdigest()[:32]}"


def _take(answer: Answer, device: PushSubscription, left: int) -> None:
    """Do as the push service says. Raises TryLater within the ``left`` seconds."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status in GONE:
        device.delete()
        return
    wait = answer.retry_after or 0
    if (status == TOO_MANY or status >= 500) and wait < left:
        logger.warning("A push to %s is put off: %d", device.host, status)
        raise TryLater(wait)
    logger.error("A push to %s was refused: %d", device.host, status)


def _sealed(
    device: PushSubscription, push: Push, body: bytes, left: int
) -> tuple[bytes, dict[str, str]]:
    """The body for its browser alone, and the headers. Source: RFC 8030, RFC 8188, RFC 8292."""
    # Only workers need them, and they are large.
    from py_vapid import Vapid02
    from pywebpush import WebPusher

    keys = {"p256dh": device.p256dh, "auth": device.auth}
    sealed = WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(body)["body"]
    claims = {
        "aud": f"https://{device.host}",
        "exp": int(timezone.now().timestamp()) + SIGNED_FOR,
        "sub": settings.VAPID_CONTACT,
    }
    key = vapid.private_key(settings.VAPID_PRIVATE_KEY)
    signed: dict[str, str] = Vapid02(key, {"no-strict": True}).sign(claims)
    return sealed, {
        **signed,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(left),
        "Urgency": "high" if push.urgent else "normal",
        "Topic": _topic(push.url),
    }


def _topic(url: str) -> str:
    """What replaces what waits for the same device; it tells the push service nothing else."""
    mac = salted_hmac("accounts.push", url, algorithm="sha256").digest()
    return vapid.to_text(mac)[:TOPIC_MAX]
