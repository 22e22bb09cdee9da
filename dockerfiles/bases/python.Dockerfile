# Stands in for python:<version>: Debian's own Python, reached by the paths that the upstream image has.
ARG SUITE=trixie

FROM rootfs AS tools
ARG SUITE
# This step is the same, letter by letter, in golang, node and python: BuildKit then runs it once, and they share the layer.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates curl g++ gcc git libc6-dev make netbase pkg-config python3 tzdata xz-utils \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache

FROM tools AS full
ARG SUITE
ARG PYTHON_VERSION=3.13
# pip comes from the wheel that Debian keeps for virtual environments. EXTERNALLY-MANAGED would forbid `pip install`:
# in this image, as upstream, Python belongs to whoever uses the image.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        python${PYTHON_VERSION}-venv python${PYTHON_VERSION}-dev \
 && rm -rf /var/log/apt /var/log/dpkg.log /usr/lib/python${PYTHON_VERSION}/EXTERNALLY-MANAGED \
 && for name in python python3 python${PYTHON_VERSION}; do ln -s /usr/bin/python${PYTHON_VERSION} /usr/local/bin/$name; done \
 && for wheel in /usr/share/python-wheels/pip-*.whl; do \
        python $wheel/pip install -q --no-index --no-cache-dir --root-user-action=ignore $wheel; \
    done
ENV PYTHON_VERSION=${PYTHON_VERSION} LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]

FROM rootfs AS slim
ARG SUITE
ARG PYTHON_VERSION=3.13
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
        ca-certificates netbase tzdata python${PYTHON_VERSION}-venv \
 && rm -rf /var/log/apt /var/log/dpkg.log /usr/lib/python${PYTHON_VERSION}/EXTERNALLY-MANAGED \
 && for name in python python3 python${PYTHON_VERSION}; do ln -s /usr/bin/python${PYTHON_VERSION} /usr/local/bin/$name; done \
 && for wheel in /usr/share/python-wheels/pip-*.whl; do \
        python $wheel/pip install -q --no-index --no-cache-dir --root-user-action=ignore $wheel; \
    done
ENV PYTHON_VERSION=${PYTHON_VERSION} LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]
