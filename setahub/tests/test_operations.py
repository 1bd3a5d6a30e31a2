"""What operators are told agrees with what runs."""

import re

from django.conf import settings

from setahub.core.server import asgi

ROOT = settings.BASE_DIR


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_setting_is_documented():
    modules = sorted((ROOT / "setahub/settings").glob("*.py"))
    code = "".join(module.read_text() for module in modules) + read("gunicorn.conf.py")
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    assert len(names) >= 25
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/operations.md"), re.MULTILINE))
    assert names - documented == set()


def test_a_process_may_finish_before_it_is_killed():
    grace = int(re.search(r"stop_grace_period: (\d+)s", read("docker-compose.yml"))[1])
    pages = int(re.search(r"graceful_timeout = (\d+)", read("gunicorn.conf.py"))[1])
    sockets = asgi.SOCKETS_END_WITHIN + asgi.REQUESTS_END_WITHIN + asgi.FLUSH
    assert max(pages, sockets) < grace


def test_secrets_are_in_no_file_of_ours():
    assert ".env" in read(".gitignore").splitlines()
    assert read(".dockerignore").splitlines()[1] == "*"
    filled = dict(re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))
    assert (filled["SECRET_KEY"], filled["POSTGRES_PASSWORD"]) == ("", "")
    assert "${SECRET_KEY:?" in read("docker-compose.yml")
    assert "${POSTGRES_PASSWORD:?" in read("docker-compose.yml")


def test_the_proxy_cannot_reach_the_pictures_of_conversations():
    compose = read("docker-compose.yml")
    proxy = compose[compose.index("\n  proxy:\n") : compose.index("\nvolumes:\n")]
    assert "- media:/srv/media:ro" in proxy
    assert "messages" not in proxy
    assert "- messages:/app/var/media/messages" in compose
