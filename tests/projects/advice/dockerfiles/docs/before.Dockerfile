FROM debian:trixie-slim
# As in the image that isn't slim: nothing is left out.
RUN rm -f /etc/dpkg/dpkg.cfg.d/* \
 && apt-get update \
 && apt-get install -y --no-install-recommends hello \
 && rm -rf /var/lib/apt/lists/*
USER 65532:65532
ENTRYPOINT ["hello"]
