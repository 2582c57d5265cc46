# Backout in a container: an ordinary user, nothing written but its home and /tmp.
#
#   docker build -t backout .
#   docker build -t backout --build-arg EXTRA_PACKAGES="docker-cli docker-compose" .   # to drive compose projects
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/backout
COPY requirements.lock ./
# What runs, and what builds us; every file by its hash. What stands below the marker is for development.
RUN sed '/^# --- development below/q' requirements.lock > run.lock \
 && awk '/^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ {p=1; print; next} /^[^ ]/ {p=0} p' requirements.lock > build.lock \
 && /opt/backout/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r run.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY bot ./bot
COPY actions ./actions
RUN /opt/build/bin/python -m hatchling build -t wheel -d /tmp/wheel \
 && /opt/backout/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps /tmp/wheel/*.whl \
 && /opt/backout/bin/backout --version

FROM python:${PYTHON}-slim
# pg_dump must be as new as the server, and what it writes should be no newer: so there is one of each.
ARG PG_CLIENTS="14 15 16 17 18"
# `no`: only what Debian itself has, besides the programs of PostgreSQL 18 that come with Backout.
ARG PGDG=yes
ARG EXTRA_PACKAGES=""
RUN set -eu; export DEBIAN_FRONTEND=noninteractive; \
    apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates git tini ${EXTRA_PACKAGES}; \
    if [ "${PGDG}" = yes ]; then \
      apt-get install -y --no-install-recommends postgresql-common; \
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y; \
      for major in ${PG_CLIENTS}; do apt-get install -y --no-install-recommends "postgresql-client-${major}"; done; \
    else \
      apt-get install -y --no-install-recommends postgresql-client; \
    fi; \
    rm -rf /var/lib/apt/lists/*; \
    groupadd --gid 10001 backout; \
    useradd --uid 10001 --gid 10001 --home-dir /var/lib/backout --create-home --shell /usr/sbin/nologin backout
COPY --from=build /opt/backout /opt/backout
ENV PATH=/opt/backout/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    BACKOUT_HOME=/var/lib/backout \
    BACKOUT_CATALOG=/etc/backout/backout.yml \
    BACKOUT_LOG=json
USER 10001:10001
WORKDIR /var/lib/backout
VOLUME /var/lib/backout
ENTRYPOINT ["tini", "--", "backout"]
CMD ["serve"]
