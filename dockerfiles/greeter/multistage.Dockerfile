# Installed in one image, run in another: the slim one has the same Python, without compilers and headers.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION} AS build
WORKDIR /app
# pip stays out of the virtual environment; the image's own fills it from outside.
RUN python -m venv --without-pip /venv
# Dependencies change less often than the source: this layer stays cached until requirements.txt changes.
COPY requirements.txt ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
# Compiled files normally note when their source was written; those with its hash instead are the same in every build.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    pip --python /venv/bin/python install --no-compile --require-hashes -r requirements.txt \
 && python -m compileall -q --invalidation-mode unchecked-hash /venv/lib
COPY greeter greeter
RUN python -m compileall -q --invalidation-mode unchecked-hash greeter

# Only built when asked for: docker buildx build --target test
FROM build AS test
COPY tests tests
RUN /venv/bin/python -m unittest

# What was built and nothing else, for `invoke export`. The environment needs the Python that it was made with, at the same path.
FROM scratch AS artifact
COPY --from=build /venv /venv
COPY --from=build /app/greeter /greeter

FROM python:${PYTHON_VERSION}-slim
WORKDIR /app
# A virtual environment isn't meant to be moved: it works here because Python stands at the same path in both images.
COPY --from=build /venv /venv
COPY --from=build /app/greeter greeter
# A number, so that whoever runs it can see that it isn't root.
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["/venv/bin/python", "-m", "greeter"]
