FROM debian:trixie-slim AS made
RUN mkdir /data && head -c 1000000 /dev/zero > /data/zeros

FROM debian:trixie-slim
COPY --from=made --chown=65532:65532 /data /data
USER 65532:65532
ENTRYPOINT ["sh", "-c", "wc -c < /data/zeros"]
