# Stands in for alpine:3.x where no registry can be reached: busybox and musl from Debian. It isn't Alpine, and has no apk.
ARG SUITE=trixie

FROM rootfs AS unpacked
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true busybox-static musl; \
    mkdir -p /out/bin /out/dev /out/etc/ssl/certs /out/etc/profile.d /out/home /out/lib /out/media /out/mnt /out/opt /out/proc /out/run \
        /out/sbin /out/srv /out/sys /out/usr/bin /out/usr/lib /out/usr/local/bin /out/usr/local/lib /out/usr/sbin \
        /out/usr/share /out/var/cache /out/var/lib /out/var/log /out/var/spool; \
    install -d -m 1777 /out/tmp /out/var/tmp; \
    install -d -m 700 /out/root; \
    ln -s ../run /out/var/run; \
    cp "$(command -v busybox)" /out/bin/busybox; \
    cd /out; \
    busybox --list-full | grep -vx -e bin/busybox -e usr/bin/busybox | while read -r applet; do \
        case "$applet" in usr/bin/env|usr/*|bin/*|sbin/*) ;; *) applet=bin/$applet ;; esac; \
        mkdir -p "${applet%/*}"; \
        [ -e "$applet" ] || ln -s /bin/busybox "$applet"; \
    done; \
    [ -e bin/sh ] || ln -s /bin/busybox bin/sh; \
    cp -L /usr/lib/*-linux-musl/libc.so "/out/lib/$(basename /lib/ld-musl-*.so.1)"; \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/; \
    ln -s certs/ca-certificates.crt etc/ssl/cert.pem; \
    mkdir -p var/lib/dpkg/status.d; \
    for package in busybox-static musl; do dpkg-query -s "$package" > "var/lib/dpkg/status.d/$package"; done
COPY <<'EOF' /out/etc/passwd
root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
mail:x:8:12:mail:/var/mail:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
EOF
COPY <<'EOF' /out/etc/group
root:x:0:root
bin:x:1:root,bin,daemon
daemon:x:2:root,bin,daemon
sys:x:3:root,bin
adm:x:4:root,daemon
tty:x:5:
lp:x:7:lp
mail:x:12:mail
shadow:x:42:
www-data:x:82:
users:x:100:
nogroup:x:65533:
nobody:x:65534:
EOF
COPY --chmod=640 <<'EOF' /out/etc/shadow
root:*::0:::::
nobody:!::0:::::
EOF
COPY <<'EOF' /out/etc/os-release
NAME="Tareweight stand-in for Alpine"
PRETTY_NAME="busybox and musl from Debian, not Alpine"
ID=tareweight-standin
ID_LIKE=debian
EOF
COPY <<'EOF' /out/etc/nsswitch.conf
hosts: files dns
EOF
COPY <<'EOF' /out/etc/shells
/bin/sh
/bin/ash
EOF
COPY <<'EOF' /out/etc/profile
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EOF

FROM scratch AS full
COPY --from=unpacked /out /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/bin/sh"]
