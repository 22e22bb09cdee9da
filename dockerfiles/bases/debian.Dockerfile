# Stands in for debian:trixie, debian:bookworm-slim and their like.
# `rootfs` is a named context: a root file system of one Debian suite, made by mmdebstrap and imported.
FROM rootfs AS full
CMD ["bash"]
