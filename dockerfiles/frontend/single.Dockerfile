# Everything in one image: Node builds the page and Node serves it.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}
WORKDIR /app
COPY . .
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of the image.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install
RUN npm run build
EXPOSE 4173
ENTRYPOINT ["npm", "run", "preview", "--", "--host", "0.0.0.0"]
