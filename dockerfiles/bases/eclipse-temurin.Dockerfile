# Stands in for eclipse-temurin:<version>, -jdk and -jre: Debian's own OpenJDK, at the path where the upstream images have theirs.
ARG SUITE=trixie

FROM rootfs AS plain
ENV JAVA_HOME=/opt/java/openjdk LANG=C.UTF-8 \
    PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Debian's packages of Java write manual pages' links, and fail where the folder isn't there.
FROM plain AS jdk
ARG SUITE
ARG JAVA_VERSION=21
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    mkdir -p /usr/share/man/man1 /opt/java \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        binutils ca-certificates openjdk-${JAVA_VERSION}-jdk-headless tzdata \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache \
 && ln -s /usr/lib/jvm/java-${JAVA_VERSION}-openjdk-* /opt/java/openjdk
CMD ["jshell"]

FROM plain AS jre
ARG SUITE
ARG JAVA_VERSION=21
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    mkdir -p /usr/share/man/man1 /opt/java \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates openjdk-${JAVA_VERSION}-jre-headless tzdata \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache \
 && ln -s /usr/lib/jvm/java-${JAVA_VERSION}-openjdk-* /opt/java/openjdk
CMD ["bash"]
