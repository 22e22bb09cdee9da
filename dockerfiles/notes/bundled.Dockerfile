# The service and what it uses of its dependencies in one file, on the distroless image: no node_modules.
ARG NODE_VERSION=24
ARG DISTROLESS_NODE=gcr.io/distroless/nodejs24-debian13

FROM node:${NODE_VERSION} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --ignore-scripts --no-audit --no-fund
COPY src src
# Not minified: that would save 0.9 MB and cost stack traces that can be read.
RUN npm run bundle

# What was built and nothing else, for `invoke export`: any Node from 20 runs it.
FROM scratch AS artifact
COPY --from=build /app/dist/notes.cjs /

FROM ${DISTROLESS_NODE}
WORKDIR /app
COPY --from=build /app/dist/notes.cjs ./
# The image's own user "nonroot".
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/nodejs/bin/node", "notes.cjs"]
