FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsasl2-2 \
 && rm -rf /var/lib/apt/lists/* \
 && apt-get clean \
 && rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/*-
USER 65532:65532
ENTRYPOINT ["sh", "-c", "ls /usr/lib/*/libsasl2.so.2 > /dev/null && echo ok"]
