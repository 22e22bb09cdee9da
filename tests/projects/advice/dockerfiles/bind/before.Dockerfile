FROM debian:trixie-slim
COPY data /tmp/data
RUN wc -c /tmp/data > /opt/count
USER 65532:65532
ENTRYPOINT ["cat", "/opt/count"]
