FROM debian:trixie-slim
RUN --mount=type=bind,source=data,target=/tmp/data wc -c /tmp/data > /opt/count
USER 65532:65532
ENTRYPOINT ["cat", "/opt/count"]
