"""A crowd at one moment waits for its turn."""

import asyncio
import threading

from django.http import HttpResponse
from django.test import AsyncRequestFactory
from django.urls import path

from setahub.lib.gate import GatedHandler


def test_so_many_pages_are_made_at_once_and_all_others_after_them(settings):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = "setahub.tests.test_gate"
    handler = GatedHandler(3)
    asyncio.run(crowd(handler, "/page/", 12))
    assert Room.most == 3
    assert Room.served == 12


def test_health_never_waits(settings):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = "setahub.tests.test_gate"
    handler = GatedHandler(1)
    handler._gate = asyncio.Semaphore(0)
    assert asyncio.run(crowd(handler, "/healthz", 1)) == [200]


async def crowd(handler: GatedHandler, address: str, size: int) -> list[int]:
    request = AsyncRequestFactory().get
    handler.load_middleware(is_async=True)
    responses = await asyncio.gather(
        *(handler.get_response_async(request(address)) for _ in range(size))
    )
    return [response.status_code for response in responses]


class Room:
    """Where the pages of this test are made: how many at once, and how many in all."""

    inside = most = served = 0
    door = threading.Lock()


async def page(request):
    with Room.door:
        Room.inside += 1
        Room.served += 1
        Room.most = max(Room.most, Room.inside)
    for _turn in range(3):  # others could come in
        await asyncio.sleep(0)
    with Room.door:
        Room.inside -= 1
    return HttpResponse()


urlpatterns = [path("page/", page), path("healthz", page)]
