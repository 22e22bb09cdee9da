FROM debian:trixie-slim
USER 65532:65532
ENTRYPOINT ["echo", "hello"]
