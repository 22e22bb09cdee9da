# Nothing but the program: no files, no users, no libraries. What it needs it has to bring.
ARG GCC_VERSION=14

FROM gcc:${GCC_VERSION} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# With the C and C++ libraries in the program itself, less the parts of them that it never calls (--gc-sections) and the symbol
# table (--strip). This suits a program that neither looks up host names nor loads plug-ins: glibc's need its shared library.
RUN cmake -S . -B /build -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_EXE_LINKER_FLAGS="-static -Wl,--gc-sections" \
 && cmake --build /build --parallel \
 && cmake --install /build --prefix /out --strip

FROM scratch
COPY --from=build /out/bin/converter /converter
# There is no /etc/passwd here: a user can only be a number.
USER 65532:65532
ENTRYPOINT ["/converter"]
