# Everything in one image: the compiler, CMake, the source and the program.
ARG GCC_VERSION=14

FROM gcc:${GCC_VERSION}
RUN apt-get update && apt-get install -y cmake
WORKDIR /app
COPY . .
RUN cmake -S . -B build && cmake --build build
ENTRYPOINT ["/app/build/converter"]
