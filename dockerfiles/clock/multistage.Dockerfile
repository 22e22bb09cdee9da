# Compiled in one image, run in another: a JRE has the same run-time, without compiler and tools.
ARG JAVA_VERSION=21

FROM eclipse-temurin:${JAVA_VERSION} AS source
WORKDIR /src
COPY . .
RUN javac -Xlint:all -Werror -d /build/classes $(find src -name '*.java')

# Only built when asked for: docker buildx build --target test
FROM source AS test
RUN javac -Xlint:all -Werror -cp /build/classes -d /build/tests tests/clock/*.java \
 && java -cp /build/classes:/build/tests clock.AllTests

FROM source AS build
# With a date of its own instead of this moment's, the same source gives the same bytes.
RUN jar --create --file /out/clock.jar --date 1980-01-01T00:00:02Z --main-class clock.Main -C /build/classes .

# What was built and nothing else, for `invoke export`. It needs a Java of this version or a newer one.
FROM scratch AS artifact
COPY --from=build /out/clock.jar /

FROM eclipse-temurin:${JAVA_VERSION}-jre
COPY --from=build /out/clock.jar /app/clock.jar
# A number, so that whoever runs it can see that it isn't root without reading /etc/passwd.
USER 65532:65532
EXPOSE 8000
# Without UsePerfData the JVM keeps its counters to itself; it would write them to /tmp, for tools that aren't here.
ENTRYPOINT ["java", "-XX:-UsePerfData", "-jar", "/app/clock.jar"]
