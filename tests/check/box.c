/* The one program of the test images: does what its first argument says. Built statically, on an empty image. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int status_line(const char *key) {
    char line[512];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key))) fputs(line, stdout);
    return 0;
}

static int put(const char *path) {
    int file = open(path, O_CREAT | O_WRONLY, 0644);
    if (file < 0) { printf("%s\n", strerror(errno)); return 1; }
    puts("written");
    return 0;
}

static int net(void) {
    char line[512];
    FILE *file = fopen("/proc/net/dev", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon) continue;
        *colon = 0;
        char *name = line;
        while (*name == ' ') name++;
        if (strcmp(name, "lo")) printf("%s ", name);
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    printf("%s\n", connect(s, (struct sockaddr *)&to, sizeof to) ? strerror(errno) : "connected");
    return 0;
}

static int serve(int port, int requests, int delay) {
    sleep(delay);
    signal(SIGPIPE, SIG_IGN);
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};
    if (bind(s, (struct sockaddr *)&at, sizeof at) || listen(s, 8)) { perror("listen"); return 1; }
    while (requests--) {
        char buffer[4096], method[16] = "", path[256] = "";
        int c = accept(s, 0, 0);
        ssize_t got = read(c, buffer, sizeof buffer - 1);
        buffer[got > 0 ? got : 0] = 0;
        sscanf(buffer, "%15s %255s", method, path);
        if (!strcmp(path, "/drip")) {
            dprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
            for (int i = 0; i < 100 && write(c, ".", 1) == 1; i++) usleep(200000);
        } else if (!strcmp(path, "/old")) {
            dprintf(c, "HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n");
        } else {
            char body[600];
            snprintf(body, sizeof body, "%s %s", method, path);
            dprintf(c, "HTTP/1.1 200 OK\r\nX-Box: yes\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);
        }
        close(c);
    }
    fputs("\x1b[31mout of requests\x1b[0m\n", stderr);
    return 7;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "cat")) {
        static char buffer[65536];
        ssize_t got;
        while ((got = read(0, buffer, sizeof buffer)) > 0)
            if (write(1, buffer, got) != got) return 1;
        return 0;
    }
    if (!strcmp(what, "echo")) {
        for (int i = 2; i < argc; i++) printf("%s%s", argv[i], i + 1 < argc ? " " : "\n");
        return 0;
    }
    if (!strcmp(what, "fail")) { fputs("it \x1b[31mbroke\x1b[0m\n", stderr); return atoi(argv[2]); }
    if (!strcmp(what, "env")) { puts(getenv(argv[2]) ? getenv(argv[2]) : "none"); return 0; }
    if (!strcmp(what, "sleep")) { for (;;) pause(); }
    if (!strcmp(what, "spam")) { for (;;) if (puts("spam spam spam spam spam spam spam spam") < 0) return 1; }
    if (!strcmp(what, "status")) return status_line(argv[2]);
    if (!strcmp(what, "put")) return put(argv[2]);
    if (!strcmp(what, "net")) return net();
    if (!strcmp(what, "forks")) {
        int made = 0;
        while (made < 1000) {
            pid_t child = fork();
            if (child < 0) break;
            if (!child) { pause(); _exit(0); }
            made++;
        }
        printf("%d\n", made);
        return 0;
    }
    if (!strcmp(what, "eat")) {
        for (;;) { char *more = malloc(1 << 20); if (more) memset(more, 1, 1 << 20); }
    }
    if (!strcmp(what, "serve")) return serve(atoi(argv[2]), atoi(argv[3]), argc > 4 ? atoi(argv[4]) : 0);
    return 2;
}
