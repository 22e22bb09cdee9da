# Installed in one image, run in another: the slim one has the same Node, without compilers and headers.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION} AS source
WORKDIR /app
# Dependencies change less often than the source: what is installed stays cached until the lock file changes.
COPY package.json package-lock.json ./

# Only built when asked for: docker buildx build --target test
FROM source AS test
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm test

FROM source AS dependencies
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
# npm's note of what it installed is for its next run, which there won't be.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm node_modules/.package-lock.json

FROM node:${NODE_VERSION}-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
# A number, so that whoever runs it can see that it isn't root.
USER 65532:65532
EXPOSE 3000
# Node itself, not npm: npm would be one more process between the service and the signal that stops it.
ENTRYPOINT ["node", "src/main.js"]
