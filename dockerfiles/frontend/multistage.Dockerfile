# Built with Node, served by Nginx: the page needs no Node once it is built.
ARG NODE_VERSION=24
ARG NGINX_VERSION=alpine

FROM node:${NODE_VERSION} AS source
WORKDIR /src
# Dependencies change less often than the source: this layer stays cached until the lock file changes.
COPY package.json package-lock.json ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund
COPY . .

# Only built when asked for: docker buildx build --target test
FROM source AS test
RUN npm test

FROM source AS build
RUN npm run build

# What was built and nothing else, for `invoke export`: any web server can serve it.
FROM scratch AS artifact
COPY --from=build /src/dist /

FROM nginx:${NGINX_VERSION}
COPY nginx/nginx.conf /etc/nginx/nginx.conf
COPY --from=build /src/dist /usr/share/nginx/html
# A number, so that whoever runs it can see that it isn't root. Docker lets any user listen on port 80 inside a container.
USER 65532:65532
EXPOSE 80
ENTRYPOINT ["nginx", "-e", "stderr", "-g", "daemon off;"]
