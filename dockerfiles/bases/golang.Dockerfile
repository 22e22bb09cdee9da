# Stands in for golang:<version>: Debian's own Go, laid out as the upstream image has it.
ARG SUITE=trixie

FROM rootfs AS tools
ARG SUITE
# This step is the same, letter by letter, in golang, node and python: BuildKit then runs it once, and they share the layer.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates curl g++ gcc git libc6-dev make netbase pkg-config python3 tzdata xz-utils \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache

FROM tools AS full
ARG SUITE
ARG GO_VERSION=1.24
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true golang-${GO_VERSION}-go \
 && rm -rf /var/log/apt /var/log/dpkg.log \
 && ln -s /usr/lib/go-${GO_VERSION} /usr/local/go \
 && mkdir -p -m 1777 /go /go/src /go/bin
# "local": never fetch another toolchain than the one that is here.
ENV GOLANG_VERSION=${GO_VERSION} GOTOOLCHAIN=local GOPATH=/go \
    PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
CMD ["bash"]

# Without a C compiler and git, as upstream's alpine flavour: cgo is off here.
FROM rootfs AS small
ARG SUITE
ARG GO_VERSION=1.24
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true golang-${GO_VERSION}-go \
 && rm -rf /var/log/apt /var/log/dpkg.log \
 && ln -s /usr/lib/go-${GO_VERSION} /usr/local/go \
 && mkdir -p -m 1777 /go /go/src /go/bin
ENV GOLANG_VERSION=${GO_VERSION} GOTOOLCHAIN=local GOPATH=/go \
    PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
CMD ["bash"]
