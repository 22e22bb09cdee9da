FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY hello.c ./
RUN gcc -s -o hello hello.c
USER 65532:65532
ENTRYPOINT ["/app/hello"]
