# Nginx where there is no shell and no package manager: the server, and of its libraries only those that the base lacks.
ARG NODE_VERSION=24
# Must be the Debian that the distroless base is made from: Nginx is linked with that one's libraries.
ARG DEBIAN_VERSION=trixie-slim
ARG DISTROLESS=gcr.io/distroless/base-debian13

FROM node:${NODE_VERSION} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${DISTROLESS} AS base

FROM debian:${DEBIAN_VERSION} AS nginx
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx \
 && rm -rf /var/lib/apt/lists/*
# ldd lists every library that the server loads; those that the base has stay behind. Each package that something is taken
# from leaves its description, and the checksums of what was taken, where distroless images keep theirs, so that a scanner
# knows what is in there.
RUN --mount=type=bind,from=base,target=/base \
    set -eu; \
    mkdir -p /out/var/lib/dpkg/status.d; \
    take() { \
        cp -Lp --parents "$1" /out; \
        package=$(dpkg-query -S "*${1#/usr}" | cut -d: -f1); \
        dpkg-query -s "$package" > "/out/var/lib/dpkg/status.d/$package"; \
        (cd /out && md5sum "${1#/}") >> "/out/var/lib/dpkg/status.d/$package.md5sums"; \
    }; \
    take /usr/sbin/nginx; \
    take /etc/nginx/mime.types; \
    for library in $(ldd /usr/sbin/nginx | grep -o '/lib[^ ]*'); do \
        [ -e "/base$library" ] || [ -e "/base/usr$library" ] || take "/usr$library"; \
    done
# The same configuration, but for a port that every runtime lets every user listen on.
COPY nginx/nginx.conf /tmp/nginx.conf
RUN sed 's/listen 80;/listen 8080;/' /tmp/nginx.conf > /out/etc/nginx/nginx.conf

FROM ${DISTROLESS}
COPY --from=nginx /out /
COPY --from=build /src/dist /usr/share/nginx/html
USER 65532:65532
EXPOSE 8080
# Nginx finishes what it has begun on SIGQUIT, and cuts it off on SIGTERM.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/sbin/nginx", "-e", "stderr", "-g", "daemon off;"]
