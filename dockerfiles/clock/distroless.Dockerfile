# Java where there is no shell and no package manager.
# The version must be no newer than the one in the distroless image.
ARG JAVA_VERSION=21
ARG DISTROLESS=gcr.io/distroless/java21-debian13

FROM eclipse-temurin:${JAVA_VERSION} AS build
WORKDIR /src
COPY . .
RUN javac -Xlint:all -Werror -d /build/classes $(find src -name '*.java')
# With a date of its own instead of this moment's, the same source gives the same bytes.
RUN jar --create --file /out/clock.jar --date 1980-01-01T00:00:02Z --main-class clock.Main -C /build/classes .

FROM ${DISTROLESS}
COPY --from=build /out/clock.jar /app/clock.jar
# The image's own user "nonroot".
USER 65532:65532
EXPOSE 8000
# Without UsePerfData the JVM keeps its counters to itself; it would write them to /tmp, for tools that aren't here.
ENTRYPOINT ["/usr/bin/java", "-XX:-UsePerfData", "-jar", "/app/clock.jar"]
