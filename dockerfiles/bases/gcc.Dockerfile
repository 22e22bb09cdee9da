# Stands in for gcc:<version>: Debian's own compilers, under the plain names that the upstream image gives its.
ARG SUITE=trixie

FROM rootfs AS tools
ARG SUITE
# This step is the same, letter by letter, in gcc, golang, node and python: BuildKit then runs it once, and they share the layer.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates curl g++ gcc git libc6-dev make netbase pkg-config python3 tzdata xz-utils \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache

FROM tools AS full
ARG SUITE
ARG GCC_VERSION=14
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        g++-${GCC_VERSION} gcc-${GCC_VERSION} \
 && rm -rf /var/log/apt /var/log/dpkg.log \
 && for tool in gcc g++ cpp gcov gcc-ar gcc-nm gcc-ranlib; do ln -s /usr/bin/$tool-${GCC_VERSION} /usr/local/bin/$tool; done \
 && ln -s gcc /usr/local/bin/cc && ln -s g++ /usr/local/bin/c++
ENV GCC_VERSION=${GCC_VERSION}
CMD ["bash"]
