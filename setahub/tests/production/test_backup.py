"""Dump, wipe, restore, log in: the commands of docs/operations.md, on a real PostgreSQL."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from setahub.tests.production.conftest import Answer, Cluster, fetch, manage, program

DOCUMENTED = [
    "pg_dump -U setahub -Fc setahub >setahub.dump",
    "tar -C var/media -cf - . >media.tar",
    "dropdb -U setahub --force --if-exists setahub",
    "createdb -U setahub setahub",
    "pg_restore -U setahub -d setahub --exit-on-error <setahub.dump",
    "tar -C var/media -xf - <media.tar",
]


@pytest.fixture
def run(cluster: Cluster, tmp_path: Path) -> Any:
    """Runs a documented command, in a folder with the site's ``var/media``, on this cluster."""

    def documented(command: str) -> None:
        name, rest = command.split(" ", 1)
        # The folders of the fixture hold nothing to quote.
        subprocess.run(
            f"{program(name)} {rest}",
            shell=True,
            check=True,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PGHOST": "127.0.0.1", "PGPORT": str(cluster.port)},
        )

    return documented


def sign_in(port: int, email: str, password: str) -> tuple[Answer, str]:
    """The start page after a login by the form, and the session's cookie."""
    form = fetch(port, "/auth/login/")
    (token,) = re.findall(r"csrftoken=(\w+)", form.headers["Set-Cookie"])
    answer = fetch(
        port,
        "/auth/login/",
        method="POST",
        body=f"login={email}&password={password}&csrfmiddlewaretoken={token}",
        headers={
            "Cookie": f"csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert answer.status == 302, answer.text
    cookies = " ".join(answer.headers.get_all("Set-Cookie", []))
    (session,) = re.findall(r"sessionid=\w+", cookies)
    return fetch(port, "/", headers={"Cookie": session}), session


def counts(cluster: Cluster) -> list[str]:
    """How many there are of what would be missed."""
    tables = ["accounts_user", "topics_topic", "scheduling_booking", "scheduling_commitment"]
    wanted = [*tables, "pg_constraint", "pg_trigger", "pg_indexes"]
    return [cluster.sql(f"SELECT count(*) FROM {name}", "setahub") for name in wanted]


def test_the_documentation_says_these_commands():
    text = (settings.BASE_DIR / "docs/operations.md").read_text()
    for command in DOCUMENTED:
        assert command in text


def test_a_wiped_site_comes_back_from_its_backup(cluster, gunicorn, run, tmp_path):
    media = tmp_path / "var/media"
    environ = {"DATABASE_URL": cluster.url("setahub"), "MEDIA_ROOT": str(media)}
    cluster.sql("CREATE DATABASE setahub TEMPLATE postgres", "template1")
    manage("seed_demo", "--force", "-v0", **environ)
    before = counts(cluster)
    picture = cluster.sql("SELECT min(avatar) FROM accounts_user WHERE avatar <> ''", "setahub")
    content = (media / picture).read_bytes()

    for command in DOCUMENTED[:2]:
        run(command)
    run(DOCUMENTED[2])
    shutil.rmtree(media)
    media.mkdir()
    for command in DOCUMENTED[3:]:
        run(command)

    assert counts(cluster) == before
    manage("migrate", "--check", **environ)
    _process, port = gunicorn(WEB_PROCESSES="1", **environ)
    dashboard, session = sign_in(port, "student@example.com", "setahub-demo")
    assert dashboard.status == 200
    assert 'data-status="booked"' in fetch(port, "/bookings/", headers={"Cookie": session}).text
    assert fetch(port, f"/media/{picture}").body == content
    twice = "INSERT INTO scheduling_commitment (booking_id, slot_id, person_id, role, starts_at, ends_at)"
    twice += " SELECT booking_id, slot_id + 1000000, person_id, role, starts_at, ends_at"
    with pytest.raises(subprocess.CalledProcessError) as refused:
        cluster.sql(f"{twice} FROM scheduling_commitment LIMIT 1", "setahub")
    assert "exclusion constraint" in refused.value.stderr
