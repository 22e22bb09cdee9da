# Compiled in one image, run in another: Alpine has a shell and a package manager, but no compiler.
ARG GO_VERSION=1.24
ARG ALPINE_VERSION=3.23

FROM golang:${GO_VERSION} AS source
WORKDIR /src
# Dependencies change less often than the source: this layer stays cached until go.mod changes.
COPY go.mod ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .

# Only built when asked for: docker buildx build --target test
FROM source AS test
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    go vet ./... && go test ./...

FROM source AS build
# Without cgo the program needs no C library; Alpine's (musl) isn't the one that it would have been linked with (glibc).
# -trimpath keeps this machine's paths out of it, so the same source gives the same bytes anywhere.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -o /out/calculator .

# What was built and nothing else, for `invoke export`. It needs no place to run in.
FROM scratch AS artifact
COPY --from=build /out/calculator /

FROM alpine:${ALPINE_VERSION}
COPY --from=build /out/calculator /usr/local/bin/calculator
# A number, so that whoever runs it can see that it isn't root without reading /etc/passwd.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/calculator"]
