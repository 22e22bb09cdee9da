FROM node:24
WORKDIR /app
COPY package.json ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install --no-audit --no-fund --no-update-notifier \
 && rm -rf /tmp/*
USER 65532:65532
ENTRYPOINT ["node", "-e", "console.log(typeof require('rxjs').of)"]
