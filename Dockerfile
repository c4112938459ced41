# The server with the project in this folder. docs/how-to/deploy.md says how to run it.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
# The wheel ships the reference project too.
COPY .rowgate ./.rowgate
COPY config ./config
COPY api ./api
COPY security ./security
COPY database ./database
COPY logic ./logic
COPY ui ./ui
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir '.[postgresql,relations]'

FROM python:3.11-slim-bookworm
# Nothing in the image belongs to the user it runs as; what it writes goes to /data.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent rowgate \
    && install --directory --owner=10001 --group=rowgate --mode=700 /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY config ./config
COPY api ./api
COPY security ./security
COPY database ./database
COPY logic ./logic
COPY ui ./ui
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ROWGATE_ENV=production \
    ROWGATE_HOST=0.0.0.0 \
    ROWGATE_PORT=8080 \
    ROWGATE_INSTANCE=/data \
    ROWGATE_FILTER_LOG=json \
    ROWGATE_ACCESS_LOG=json
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]
ENTRYPOINT ["rowgate"]
CMD ["serve"]
