"""The servers of other tests: a test that trusts them must be able to."""

from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis as RedisClient
from redis.exceptions import ConnectionError as RedisIsAway

from chat.tests.servers import Daphne, Redis

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_daphne_serves_the_database_of_the_test_and_comes_back_on_its_port(student):
    client = Client()
    client.force_login(student)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    with Daphne().start() as daphne:
        page = Request(f"{daphne.url}/users/me/", headers={"Cookie": cookie})
        assert student.username in urlopen(page).read().decode()
        assert daphne.stop() == 0
        with pytest.raises(URLError):
            urlopen(page)
        daphne.start()
        assert urlopen(page).status == 200
        assert daphne.kill() == -9
        assert "/users/me/" in daphne.log


def test_a_redis_comes_back_empty_on_its_port():
    with Redis().start() as redis:
        client = RedisClient.from_url(redis.url)
        assert client.set("name", "value")
        redis.stop()
        with pytest.raises(RedisIsAway):
            client.ping()
        redis.start()
        assert client.get("name") is None
