# A run-time of its own, with the two modules that the service needs out of the JDK's seventy, where there is no shell.
ARG JAVA_VERSION=21
# The JVM is a C++ program: of the distroless images, cc is the smallest that has what it is linked with.
ARG DISTROLESS=gcr.io/distroless/cc-debian13

FROM eclipse-temurin:${JAVA_VERSION} AS build
WORKDIR /src
COPY . .
RUN javac -Xlint:all -Werror -d /build/classes $(find src -name '*.java')
# With a date of its own instead of this moment's, the same source gives the same bytes.
RUN jar --create --file /out/clock.jar --date 1980-01-01T00:00:02Z --main-class clock.Main -C /build/classes .
# What the service needs stands in its module-info.java. Where a program has none, jdeps --print-module-deps finds it out.
RUN jlink --module-path /out/clock.jar --add-modules clock --output /out/runtime \
        --strip-debug --no-header-files --no-man-pages --compress zip-6

FROM ${DISTROLESS}
COPY --from=build /out/runtime /opt/clock
# The image's own user "nonroot".
USER 65532:65532
EXPOSE 8000
# Without UsePerfData the JVM keeps its counters to itself; it would write them to /tmp, for tools that aren't here.
ENTRYPOINT ["/opt/clock/bin/java", "-XX:-UsePerfData", "--module", "clock"]
