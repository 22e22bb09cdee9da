ARG DISTROLESS=gcr.io/distroless/static
FROM ${DISTROLESS}
COPY app.toml /
