# nothing
COPY app.toml /
