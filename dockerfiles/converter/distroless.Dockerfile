# Run where there is no shell and no package manager: of Debian only the C and C++ libraries, certificates, time zones and users.
ARG GCC_VERSION=14
# Its C++ library must be no older than the compiler: Debian 13 has that of GCC 14.
ARG DISTROLESS=gcr.io/distroless/cc-debian13

FROM gcc:${GCC_VERSION} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake -S . -B /build -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
 && cmake --build /build --parallel \
 && cmake --install /build --prefix /out

FROM ${DISTROLESS}
COPY --from=build /out/bin/converter /usr/bin/converter
# The image's own user "nonroot".
USER 65532:65532
ENTRYPOINT ["/usr/bin/converter"]
