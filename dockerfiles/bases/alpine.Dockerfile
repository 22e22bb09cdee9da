# Stands in for alpine:3.x where no registry can be reached: busybox and musl from Debian. It isn't Alpine, and has no apk.
ARG SUITE=trixie

# take FILE AS: copies it, and leaves its package's description and its checksum where distroless images keep theirs, so that a
# scanner knows what is in there.
FROM rootfs AS unpacked
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    set -eu; \
    apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true busybox-static musl; \
    mkdir -p /out/bin /out/dev /out/etc/ssl/certs /out/etc/profile.d /out/home /out/lib /out/media /out/mnt /out/opt /out/proc /out/run \
        /out/sbin /out/srv /out/sys /out/usr/bin /out/usr/lib /out/usr/local/bin /out/usr/local/lib /out/usr/sbin \
        /out/usr/share /out/var/cache /out/var/lib/dpkg/status.d /out/var/log /out/var/spool; \
    install -d -m 1777 /out/tmp /out/var/tmp; \
    install -d -m 700 /out/root; \
    ln -s ../run /out/var/run; \
    take() { \
        cp -L "$1" "/out$2"; \
        package=$(dpkg-query -S "*${1#/usr}" | cut -d: -f1); \
        dpkg-query -s "$package" > "/out/var/lib/dpkg/status.d/$package"; \
        (cd /out && md5sum "${2#/}") > "/out/var/lib/dpkg/status.d/$package.md5sums"; \
    }; \
    take "$(command -v busybox)" /bin/busybox; \
    take /usr/lib/*-linux-musl/libc.so "/lib/$(basename /lib/ld-musl-*.so.1)"; \
    cd /out; \
    busybox --list-full | grep -vx -e bin/busybox -e usr/bin/busybox | while read -r applet; do \
        case "$applet" in usr/bin/env|usr/*|bin/*|sbin/*) ;; *) applet=bin/$applet ;; esac; \
        mkdir -p "${applet%/*}"; \
        [ -e "$applet" ] || ln -s /bin/busybox "$applet"; \
    done; \
    [ -e bin/sh ] || ln -s /bin/busybox bin/sh; \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/; \
    ln -s certs/ca-certificates.crt etc/ssl/cert.pem
# Debian's busybox is built without these two. Alpine's options, as far as Dockerfiles use them.
COPY --chmod=755 <<'EOF' /out/usr/sbin/addgroup
#!/bin/sh
# addgroup [-g GID] [-S] GROUP | addgroup USER GROUP
set -eu
gid= from=1000
while getopts g:S option; do case $option in g) gid=$OPTARG ;; S) from=100 ;; *) exit 1 ;; esac; done
shift $((OPTIND - 1))
if [ $# = 2 ]; then
    grep -q "^$2:" /etc/group || { echo "addgroup: unknown group $2" >&2; exit 1; }
    exec sed -i -e "/^$2:/s/\$/,$1/" -e "/^$2:/s/:,/:/" /etc/group
fi
if grep -q "^$1:" /etc/group; then echo "addgroup: group '$1' in use" >&2; exit 1; fi
if [ -z "$gid" ]; then
    gid=$from
    while cut -d: -f3 /etc/group | grep -qx "$gid"; do gid=$((gid + 1)); done
fi
echo "$1:x:$gid:" >> /etc/group
EOF
COPY --chmod=755 <<'EOF' /out/usr/sbin/adduser
#!/bin/sh
# adduser [-D] [-H] [-S] [-h HOME] [-s SHELL] [-g GECOS] [-G GROUP] [-u UID] USER: never asks for a password
set -eu
uid= group= home= shell=/bin/sh gecos= from=1000 make=yes
while getopts DHSh:s:g:G:u: option; do
    case $option in
        D) ;; H) make= ;; S) from=100 shell=/sbin/nologin ;; h) home=$OPTARG ;; s) shell=$OPTARG ;;
        g) gecos=$OPTARG ;; G) group=$OPTARG ;; u) uid=$OPTARG ;; *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
if grep -q "^$1:" /etc/passwd; then echo "adduser: user '$1' in use" >&2; exit 1; fi
if [ -z "$uid" ]; then
    uid=$from
    while cut -d: -f3 /etc/passwd | grep -qx "$uid"; do uid=$((uid + 1)); done
fi
if [ -z "$group" ]; then
    group=$1
    if [ "$from" = 100 ]; then group=nogroup; elif ! grep -q "^$1:" /etc/group; then addgroup -g "$uid" "$1"; fi
fi
gid=$(grep "^$group:" /etc/group | cut -d: -f3)
[ -n "$gid" ] || { echo "adduser: unknown group $group" >&2; exit 1; }
home=${home:-/home/$1}
echo "$1:x:$uid:$gid:${gecos:-$1}:$home:$shell" >> /etc/passwd
echo "$1:!::0:::::" >> /etc/shadow
if [ "$make" ]; then mkdir -p "$home"; chown "$uid:$gid" "$home"; fi
EOF
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
