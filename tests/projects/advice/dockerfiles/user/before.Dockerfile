FROM debian:trixie-slim
ENTRYPOINT ["echo", "hello"]
