/* Round trip of a small message over UDP or TCP: `rtt` asks, `echo` answers. Both spin, as a trading thread does. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 65536
#define WARMUP 50
#define ANSWER_MAX_NS 1000000000

static bool parse_peer(const char *text, struct sockaddr_in *address) {
    char host[64];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
        fprintf(stderr, "%s is not address:port\n", text);
        return false;
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    long port = strtol(colon + 1, NULL, 10);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (port < 0 || port > 65535 || inet_pton(AF_INET, host, &address->sin_addr) != 1) {
        fprintf(stderr, "%s is not an IPv4 address and port\n", text);
        return false;
    }
    return true;
}

static int open_socket(const struct options *o, bool tcp) {
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) {
        perror("socket");
        return -1;
    }
    if (tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (o->iface != NULL && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->iface, (socklen_t)strlen(o->iface)) != 0) {
        fprintf(stderr, "cannot use interface %s: %s\n", o->iface, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* Takes exactly `size` bytes, spinning; false at the end of the stream, an error, or after a second of silence. */
static bool take(int fd, char *buffer, size_t size, bool forever) {
    size_t have = 0;
    int64_t deadline = clock_ns(CLOCK_MONOTONIC) + ANSWER_MAX_NS;
    while (have < size) {
        ssize_t n = recv(fd, buffer + have, size - have, MSG_DONTWAIT);
        if (n > 0) have += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return false;
        else if (!forever && clock_ns(CLOCK_MONOTONIC) > deadline) return false;
    }
    return true;
}

int probe_rtt(const struct options *o) {
    bool tcp = strcmp(o->proto, "tcp") == 0;
    struct sockaddr_in peer;
    static char buffer[MESSAGE_MAX];
    if (!parse_peer(o->peer, &peer) || (o->cpu_count > 0 && !place(o->cpus[0], o->fifo))) return 1;
    int fd = open_socket(o, tcp);
    int64_t *rtt = malloc((size_t)o->count * sizeof *rtt);
    if (fd < 0 || rtt == NULL) return 1;
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) != 0) {
        fprintf(stderr, "cannot reach %s: %s\n", o->peer, strerror(errno));
        return 1;
    }
    size_t size = (size_t)o->size, n = 0;
    int64_t lost = 0;
    for (int64_t i = -WARMUP; i < o->count; i++) {
        int64_t start = clock_ns(CLOCK_MONOTONIC_RAW);
        if (send(fd, buffer, size, 0) != (ssize_t)size || !take(fd, buffer, size, false)) {
            if (tcp || ++lost > 3) {
                fprintf(stderr, "no answer from %s over %s\n", o->peer, o->proto);
                return 1;
            }
        } else if (i >= 0) {
            rtt[n++] = clock_ns(CLOCK_MONOTONIC_RAW) - start;
        }
    }
    sort_values(rtt, n);
    printf("{\"proto\": \"%s\", \"peer\": \"%s\", \"count\": %zu, \"lost\": %" PRId64 ", \"p50_ns\": %" PRId64 ", \"p99_ns\": %" PRId64
           ", \"p999_ns\": %" PRId64 ", \"max_ns\": %" PRId64 ", ",
           o->proto, o->peer, n, lost, quantile(rtt, n, 0.5), quantile(rtt, n, 0.99), quantile(rtt, n, 0.999), n ? rtt[n - 1] : 0);
    print_histogram("histogram", rtt, n);
    printf("}\n");
    free(rtt);
    close(fd);
    return 0;
}

static void announce(int fd) {
    struct sockaddr_in bound;
    socklen_t length = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &length);
    printf("{\"port\": %d}\n", ntohs(bound.sin_port));
    fflush(stdout);
}

int probe_echo(const struct options *o) {
    bool tcp = strcmp(o->proto, "tcp") == 0;
    struct sockaddr_in here;
    static char buffer[MESSAGE_MAX];
    if (!parse_peer(o->peer, &here) || (o->cpu_count > 0 && !place(o->cpus[0], o->fifo))) return 1;
    int fd = open_socket(o, tcp);
    if (fd < 0) return 1;
    if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0 || (tcp && listen(fd, 1) != 0)) {
        fprintf(stderr, "cannot listen on %s: %s\n", o->peer, strerror(errno));
        return 1;
    }
    announce(fd);
    /* Ends by the alarm that main set: nobody answers longer than asked for. */
    for (;;) {
        if (!tcp) {
            struct sockaddr_in from;
            socklen_t length = sizeof from;
            ssize_t n = recvfrom(fd, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
            if (n > 0) sendto(fd, buffer, (size_t)n, 0, (struct sockaddr *)&from, length);
            continue;
        }
        int peer = accept(fd, NULL, NULL), on = 1;
        if (peer < 0) continue;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        while (take(peer, buffer, (size_t)o->size, true) && send(peer, buffer, (size_t)o->size, 0) == (ssize_t)o->size);
        close(peer);
    }
}
