# Everything in one image: the JDK, the source, the tests and the service.
ARG JAVA_VERSION=21

FROM eclipse-temurin:${JAVA_VERSION}
WORKDIR /app
COPY . .
RUN javac -d classes $(find src -name '*.java')
EXPOSE 8000
ENTRYPOINT ["java", "-cp", "classes", "clock.Main"]
