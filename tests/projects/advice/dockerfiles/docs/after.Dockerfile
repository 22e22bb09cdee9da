FROM debian:trixie-slim
# As in the image that isn't slim: nothing is left out.
RUN rm -f /etc/dpkg/dpkg.cfg.d/* \
 && apt-get update \
 && apt-get install -y --no-install-recommends hello \
 && rm -rf /var/lib/apt/lists/* \
 && find /usr/share/doc /usr/share/info /usr/share/locale /usr/share/man -type f ! -name copyright -delete
USER 65532:65532
ENTRYPOINT ["hello"]
