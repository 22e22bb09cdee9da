# Nothing but the program: no files, no users, no certificates. What it needs it has to bring.
ARG GO_VERSION=1.24

# Go compiles for any machine on any other: this stage runs where it builds, whatever it builds for.
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETARCH
# Static (no cgo), and stripped: -s -w leaves out the symbol table and the debugger's data.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /out/calculator .

FROM scratch
COPY --from=build /out/calculator /calculator
# There is no /etc/passwd here: a user can only be a number.
USER 65532:65532
ENTRYPOINT ["/calculator"]
