# Node where there is no shell, no npm and no package manager.
ARG NODE_VERSION=24
# The dependencies are all JavaScript. One that is compiled would need the same Node and the same Debian to be built with.
ARG DISTROLESS_NODE=gcr.io/distroless/nodejs24-debian13

FROM node:${NODE_VERSION} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
# npm's note of what it installed is for its next run, which there won't be.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm node_modules/.package-lock.json

FROM ${DISTROLESS_NODE}
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
# The image's own user "nonroot".
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/nodejs/bin/node", "src/main.js"]
