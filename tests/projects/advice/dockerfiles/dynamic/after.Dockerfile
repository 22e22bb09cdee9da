FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY hello.c ./
RUN gcc -s -o hello hello.c

FROM gcr.io/distroless/base-debian13
COPY --from=build /app/hello /hello
USER 65532:65532
ENTRYPOINT ["/hello"]
