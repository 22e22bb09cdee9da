# Compiled in one image, run in another: a small Debian has a shell and a package manager, but no compiler.
ARG GCC_VERSION=14
# Its C++ library must be no older than the compiler: Debian 13 has that of GCC 14.
ARG DEBIAN_VERSION=trixie-slim

FROM gcc:${GCC_VERSION} AS source
# CMake changes less often than the source: this layer stays cached.
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .

# Only built when asked for: docker buildx build --target test
# With what finds mistakes that a test alone doesn't: undefined behaviour and bad use of the library end the program.
FROM source AS test
RUN cmake -S . -B /build -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
        -DCMAKE_CXX_FLAGS="-fsanitize=undefined -fno-sanitize-recover -D_GLIBCXX_ASSERTIONS" \
 && cmake --build /build --parallel \
 && ctest --test-dir /build --output-on-failure

FROM source AS build
RUN cmake -S . -B /build -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
 && cmake --build /build --parallel \
 && cmake --install /build --prefix /out

# What was built and nothing else, for `invoke export`. It needs a C++ library that is no older than the compiler.
FROM scratch AS artifact
COPY --from=build /out/bin/converter /

FROM debian:${DEBIAN_VERSION}
COPY --from=build /out/bin/converter /usr/local/bin/converter
# A number, so that whoever runs it can see that it isn't root without reading /etc/passwd.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/converter"]
