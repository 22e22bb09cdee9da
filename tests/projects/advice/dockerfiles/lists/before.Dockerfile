FROM debian:trixie-slim
RUN apt-get update
RUN apt-get install -y --no-install-recommends libsasl2-2 && rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/*-
USER 65532:65532
ENTRYPOINT ["sh", "-c", "ls /usr/lib/*/libsasl2.so.2 > /dev/null && echo ok"]
