FROM scratch
COPY app.toml /
