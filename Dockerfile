# Builds in one stage and runs in another, so that the image holds no compiler and no package cache.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/signpost
COPY requirements.lock ./
RUN /opt/signpost/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md alembic.ini ./
COPY app ./app
COPY migrations ./migrations
RUN /opt/signpost/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 signpost \
    && useradd --system --uid 10001 --gid signpost --home-dir /var/lib/signpost --create-home signpost
COPY --from=build /opt/signpost /opt/signpost
ENV PATH="/opt/signpost/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    SIGNPOST_HOST=0.0.0.0 \
    SIGNPOST_PORT=8000 \
    SIGNPOST_DATA_DIR=/var/lib/signpost
USER 10001:10001
WORKDIR /var/lib/signpost
VOLUME /var/lib/signpost
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=2s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"SIGNPOST_PORT\"]}/livez', timeout=1)"]
CMD ["signpost", "serve"]
