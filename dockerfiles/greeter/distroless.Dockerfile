# Python where there is no shell, no pip and no package manager.
# The version must be the one in the distroless image: Debian 13 has 3.13.
ARG PYTHON_VERSION=3.13
ARG DISTROLESS_PYTHON=gcr.io/distroless/python3-debian13

FROM ${DISTROLESS_PYTHON} AS base

FROM python:${PYTHON_VERSION} AS build
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements.txt ./
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    pip --python /venv/bin/python install --no-compile --require-hashes -r requirements.txt \
 && python -m compileall -q --invalidation-mode unchecked-hash /venv/lib
COPY greeter greeter
RUN python -m compileall -q --invalidation-mode unchecked-hash greeter
# A virtual environment points to the Python that made it, and that stands at another path here (/usr/local/bin in the
# python images, /usr/bin in the distroless one). Where both are the same 3.x, pointing it elsewhere is all that it takes.
RUN --mount=type=bind,from=base,target=/base \
    set -eu; \
    python=/usr/bin/$(python -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); \
    [ -x "/base$python" ] || { echo "error: the distroless image has no $python: change PYTHON_VERSION or DISTROLESS_PYTHON" >&2; exit 1; }; \
    ln -sf "$python" /venv/bin/python; \
    sed -i 's|^home = .*|home = /usr/bin|' /venv/pyvenv.cfg

FROM ${DISTROLESS_PYTHON}
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app/greeter greeter
# The image's own user "nonroot".
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["/venv/bin/python", "-m", "greeter"]
