# Run where there is no shell and no package manager: only the C library, certificates, time zones and users.
ARG GO_VERSION=1.24
ARG DISTROLESS=gcr.io/distroless/base-debian13

FROM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -o /out/calculator .

FROM ${DISTROLESS}
COPY --from=build /out/calculator /usr/bin/calculator
# The image's own user "nonroot".
USER 65532:65532
ENTRYPOINT ["/usr/bin/calculator"]
