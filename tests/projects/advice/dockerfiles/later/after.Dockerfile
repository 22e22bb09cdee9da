FROM debian:trixie-slim
RUN head -c 2000000 /dev/urandom > /opt/archive \
 && head -c 1000 /opt/archive > /opt/part \
 && rm /opt/archive
USER 65532:65532
ENTRYPOINT ["sh", "-c", "wc -c < /opt/part"]
