"""Runs all of docker-compose.yml's processes by hand. ``script/rehearse`` starts this.

Caddy finds the two of each kind as it finds containers: by the addresses that one name has. So that
``web`` and ``live`` have two here, it runs with a hosts file of its own, in a mount namespace.
"""

import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time

from serve import HOST, ROOT, Children, answers, check_port, fail, read_port

BIN = ROOT / ".venv/bin"
VAR = ROOT / "var/rehearsal"
ADDRESSES = ["127.0.0.2", "127.0.0.3"]
START_WITHIN = 60
OLD_NAMES = {"REQUEST_BUFFERS": "buffer_requests", "RESPONSE_BUFFERS": "buffer_responses"}

WELCOME = """
The production shape runs at http://localhost:{port}
  pages    127.0.0.2:{web} and 127.0.0.3:{web}
  sockets  127.0.0.2:{live} and 127.0.0.3:{live}
Ctrl-C stops all of it, in order.
"""


def main(arguments: list[str]) -> None:
    port = read_port(arguments or ["8080"])
    web, live, admin = port + 1, port + 2, port + 3
    for each in (port, web, live, admin):
        check_port(each)
    if not shutil.which("caddy"):
        fail("caddy is not installed; on Debian: apt install caddy")
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not os.environ.get(name):
            fail(f"{name} must be set")
    os.chdir(ROOT)
    os.environ.update(environment(port, web, live, admin))
    run_all(port, web, live)


def environment(port: int, web: int, live: int, admin: int) -> dict[str, str]:
    """What docker-compose.yml sets, over plain http and on loopback."""
    return {
        "DJANGO_SETTINGS_MODULE": "setahub.settings",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_hex(32),
        "DEBUG": "False",
        "HTTPS": "False",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": f"http://localhost:{port}",
        "TRUSTED_PROXIES": "1",
        "STATIC_ROOT": str(VAR / "static"),
        "MEDIA_ROOT": str(VAR / "media"),
        "SITE_ADDRESS": f"http://localhost:{port}, http://127.0.0.1:{port}",
        "CADDY_ADMIN": f"{HOST}:{admin}",
        "WEB_PORT": str(web),
        "LIVE_PORT": str(live),
        # As Debian 12's Caddy 2.6.2 calls them, and nobody else's.
        **(OLD_NAMES if caddy_is_old() else {}),
        "XDG_DATA_HOME": str(VAR / "caddy"),
        "XDG_CONFIG_HOME": str(VAR / "caddy"),
    }


def caddy_is_old() -> bool:
    command = [shutil.which("caddy") or "", "version"]
    version = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return version.stdout.lstrip("v").startswith("2.6.2")


def run_all(port: int, web: int, live: int) -> None:
    python = str(BIN / "python")
    children = Children()
    try:
        children.run([python, "manage.py", "migrate", "--noinput", "-v0"])
        children.run([python, "manage.py", "collectstatic", "--noinput", "-v0"])
        daphne = [str(BIN / "daphne"), "-v", "0", "-p", str(live)]
        for address in ADDRESSES:
            pages = [str(BIN / "gunicorn"), "--bind", f"{address}:{web}", "setahub.wsgi"]
            children.start(f"page process {address}", pages)
            sockets = [*daphne, "-b", address, "setahub.asgi:application"]
            children.start(f"socket process {address}", sockets)
        children.start("worker", [python, "manage.py", "worker"])
        children.start("proxy", ["unshare", "--map-root-user", "--mount", "sh", "-c", proxy()])
        late = time.monotonic() + START_WITHIN
        children.watch(lambda: answers(port) or time.monotonic() > late)
        print(WELCOME.format(port=port, web=web, live=live), flush=True)
        children.watch(lambda: False)
    except subprocess.SubprocessError as error:
        fail(str(error))
    finally:
        children.stop()


def proxy() -> str:
    """What starts Caddy where both names have two addresses."""
    hosts = VAR / "hosts"
    names = "".join(f"{each} web live\n" for each in ADDRESSES)
    hosts.write_text(f"127.0.0.1 localhost\n{names}")
    caddy = "exec caddy run --adapter caddyfile --config Caddyfile"
    return f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && {caddy}"


if __name__ == "__main__":
    main(sys.argv[1:])
