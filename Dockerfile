# Two images: the proxy, and one for every process of ours (pages, sockets, worker, migrations;
# docker-compose.yml tells which of them a container runs). Both run as a normal user.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-trixie
ARG CADDY_IMAGE=docker.io/library/caddy:2-alpine

FROM ${CADDY_IMAGE} AS proxy
# What Caddy stores, certificates above all, is its user's.
RUN adduser -D -H -u 10002 caddy && chown -R caddy /data /config
COPY Caddyfile /etc/caddy/Caddyfile
USER caddy

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --quiet --requirement requirements.txt \
    && /venv/bin/pip uninstall --quiet --yes pip setuptools \
    && find /venv -type d \( -name tests -o -path '*/twisted/*/test' \) -prune -exec rm -r {} +

FROM ${PYTHON_IMAGE} AS site
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A normal user, with a number of its own for the files in the volumes.
RUN groupadd --gid 10001 setahub \
    && useradd --uid 10001 --gid setahub --home-dir /app --no-create-home --shell /usr/sbin/nologin setahub
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# What the site stores is its user's; the code is not. A new volume takes its owner from here.
RUN python -c "from pathlib import Path; from setahub.core.catalogues import compile_changed; \
compile_changed([Path('locale'), Path('locale/libraries')])" \
    && python -m compileall -q . \
    && install -d -o setahub -g setahub var var/static var/media var/media/messages
USER setahub
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "setahub.wsgi"]
