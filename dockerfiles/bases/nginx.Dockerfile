# Stands in for nginx:<version> and nginx:alpine: Debian's Nginx in the layout of the upstream image.
ARG SUITE=trixie

# What both flavours share: upstream's configuration, page, paths and entrypoint.
FROM rootfs AS layout
COPY <<'EOF' /out/etc/nginx/nginx.conf
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    client_body_temp_path  /var/cache/nginx/client_temp;
    proxy_temp_path        /var/cache/nginx/proxy_temp;
    fastcgi_temp_path      /var/cache/nginx/fastcgi_temp;
    uwsgi_temp_path        /var/cache/nginx/uwsgi_temp;
    scgi_temp_path         /var/cache/nginx/scgi_temp;

    sendfile        on;
    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}
EOF
COPY <<'EOF' /out/etc/nginx/conf.d/default.conf
server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
EOF
COPY <<'EOF' /out/usr/share/nginx/html/index.html
<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
EOF
COPY <<'EOF' /out/usr/share/nginx/html/50x.html
<!DOCTYPE html>
<html>
<head><title>Error</title></head>
<body><h1>An error occurred.</h1></body>
</html>
EOF
COPY --chmod=755 <<'EOF' /out/docker-entrypoint.sh
#!/bin/sh
# Runs what lies in /docker-entrypoint.d before nginx itself, as upstream's does.
set -e
if [ "$1" = "nginx" ] || [ "$1" = "nginx-debug" ]; then
    for script in /docker-entrypoint.d/*; do
        case "$script" in
            *.envsh) [ ! -x "$script" ] || . "$script" ;;
            *.sh) [ ! -x "$script" ] || "$script" ;;
        esac
    done
fi
exec "$@"
EOF
RUN mkdir -p /out/docker-entrypoint.d /out/var/log/nginx /out/run \
 && install -d -m 755 -o 101 -g 101 /out/var/cache/nginx /out/var/lib/nginx \
 && ln -s /dev/stdout /out/var/log/nginx/access.log \
 && ln -s /dev/stderr /out/var/log/nginx/error.log

FROM rootfs AS full
ARG SUITE
# The user first: Debian's package would use www-data. sites-enabled and modules-enabled are Debian's, not upstream's.
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    groupadd --system --gid 101 nginx \
 && useradd --system --uid 101 --gid nginx --home-dir /nonexistent --no-create-home --shell /bin/false nginx \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true ca-certificates nginx tzdata \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/log/nginx /var/lib/nginx /var/www /usr/share/nginx/html \
        /etc/nginx/nginx.conf /etc/nginx/sites-available /etc/nginx/sites-enabled /etc/nginx/modules-enabled /etc/nginx/snippets
COPY --from=layout /out /
EXPOSE 80
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]

# For the small flavour: busybox for a shell, Nginx, the libraries that it loads, and nothing else.
# take FILE AS: copies it, and leaves its package's description and its checksum where distroless images keep theirs, so that a
# scanner knows what is in there.
FROM rootfs AS small-root
ARG SUITE
RUN --mount=type=cache,target=/var/cache/apt,id=tare-apt-${SUITE},sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,id=tare-lists-${SUITE},sharing=locked \
    --mount=type=bind,from=layout,source=/out,target=/layout \
    set -eu; \
    apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true busybox-static nginx; \
    mkdir -p /out/bin /out/dev /out/etc/ssl/certs /out/home /out/lib /out/mnt /out/opt /out/proc /out/sbin /out/srv /out/sys \
        /out/usr/bin /out/usr/lib /out/usr/local/bin /out/usr/sbin /out/usr/share /out/var/lib/dpkg/status.d; \
    install -d -m 1777 /out/tmp /out/var/tmp; \
    install -d -m 700 /out/root; \
    ln -s ../run /out/var/run; \
    take() { \
        mkdir -p "/out${2%/*}"; \
        cp -L "$1" "/out$2"; \
        package=$(dpkg-query -S "*${1#/usr}" | grep -v '^diversion' | cut -d: -f1); \
        dpkg-query -s "$package" > "/out/var/lib/dpkg/status.d/$package"; \
        (cd /out && md5sum "${2#/}") >> "/out/var/lib/dpkg/status.d/$package.md5sums"; \
    }; \
    take "$(command -v busybox)" /bin/busybox; \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/; \
    for file in /usr/sbin/nginx /etc/nginx/mime.types /etc/nginx/fastcgi_params /etc/nginx/scgi_params /etc/nginx/uwsgi_params \
            $(ldd /usr/sbin/nginx | grep -o '/[^ ]*'); do \
        take "$file" "$file"; \
    done; \
    cp -a /layout/. /out/; \
    cd /out; \
    busybox --list-full | grep -vx -e bin/busybox -e usr/bin/busybox | while read -r applet; do \
        case "$applet" in usr/*|bin/*|sbin/*) ;; *) applet=bin/$applet ;; esac; \
        mkdir -p "${applet%/*}"; \
        [ -e "$applet" ] || ln -s /bin/busybox "$applet"; \
    done
COPY <<'EOF' /out/etc/passwd
root:x:0:0:root:/root:/bin/sh
nginx:x:101:101:nginx:/var/cache/nginx:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
EOF
COPY <<'EOF' /out/etc/group
root:x:0:root
tty:x:5:
www-data:x:82:
nginx:x:101:nginx
nobody:x:65534:
EOF
COPY <<'EOF' /out/etc/os-release
NAME="Tareweight stand-in for Alpine"
PRETTY_NAME="busybox and Nginx from Debian, not Alpine"
ID=tareweight-standin
ID_LIKE=debian
EOF
COPY <<'EOF' /out/etc/nsswitch.conf
hosts: files dns
EOF

FROM scratch AS small
COPY --from=small-root /out /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 80
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
