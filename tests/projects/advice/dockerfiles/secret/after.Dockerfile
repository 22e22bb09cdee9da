FROM debian:trixie-slim
WORKDIR /app
COPY . .
USER 65532:65532
ENTRYPOINT ["cat", "message"]
