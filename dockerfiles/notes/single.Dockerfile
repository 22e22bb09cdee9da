# Everything in one image: Node, npm, esbuild, the tests and the service.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}
WORKDIR /app
COPY . .
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of the image.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install
EXPOSE 3000
ENTRYPOINT ["npm", "start"]
