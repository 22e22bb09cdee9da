FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y libsasl2-2 \
 && rm -rf /var/lib/apt/lists/*
USER 65532:65532
ENTRYPOINT ["sh", "-c", "ls /usr/lib/*/libsasl2.so.2 > /dev/null && echo ok"]
