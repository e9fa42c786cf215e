#include "probe.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(const struct options *);
    bool needs_cpus;
} commands[] = {
    {"gap", probe_gap, true},        {"wakeup", probe_wakeup, true}, {"pingpong", probe_pingpong, true}, {"clock", probe_clock, false},
    {"memory", probe_memory, false}, {"rtt", probe_rtt, false},      {"echo", probe_echo, false},
};

static const char usage[] = "usage: hwtune-probe gap|wakeup|pingpong|clock|memory|rtt|echo [--cpus 2,3] [--seconds S] [--threshold-ns N]\n"
                            "       [--interval-us N] [--count N] [--size N] [--fifo PRIORITY] [--proto udp|tcp] [--peer ADDRESS:PORT]\n"
                            "       [--iface NAME]\n";

static bool number(const char *text, int64_t low, int64_t high, int64_t *out) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || value < low || value > high) {
        fprintf(stderr, "%s is not a number from %lld to %lld\n", text, (long long)low, (long long)high);
        return false;
    }
    *out = value;
    return true;
}

static bool cpu_list(char *text, struct options *o) {
    for (char *part = strtok(text, ","); part != NULL; part = strtok(NULL, ",")) {
        int64_t cpu;
        if (o->cpu_count == CPUS_MAX || !number(part, 0, CPUS_MAX - 1, &cpu)) return false;
        o->cpus[o->cpu_count++] = (int)cpu;
    }
    return true;
}

static bool parse(int argc, char **argv, struct options *o) {
    static const struct option longs[] = {
        {"cpus", 1, NULL, 'c'},        {"seconds", 1, NULL, 's'}, {"threshold-ns", 1, NULL, 't'},
        {"interval-us", 1, NULL, 'i'}, {"count", 1, NULL, 'n'},   {"size", 1, NULL, 'z'},
        {"fifo", 1, NULL, 'f'},        {"proto", 1, NULL, 'p'},   {"peer", 1, NULL, 'a'},
        {"iface", 1, NULL, 'd'},       {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        int64_t value = 0;
        bool ok = true;
        char *end;
        switch (option) {
        case 'c': ok = cpu_list(optarg, o); break;
        case 's':
            o->seconds = strtod(optarg, &end);
            ok = end != optarg && *end == 0 && o->seconds > 0 && o->seconds <= 3600;
            break;
        case 't': ok = number(optarg, 100, 1000000000, &o->threshold_ns); break;
        case 'i': ok = number(optarg, 10, 999999, &o->interval_us); break;
        case 'n': ok = number(optarg, 1, 100000000, &o->count); break;
        case 'z': ok = number(optarg, 1, 65536, &o->size); break;
        case 'f':
            ok = number(optarg, 0, 99, &value);
            o->fifo = (int)value;
            break;
        case 'p':
            o->proto = optarg;
            ok = strcmp(optarg, "udp") == 0 || strcmp(optarg, "tcp") == 0;
            break;
        case 'a': o->peer = optarg; break;
        case 'd': o->iface = optarg; break;
        default: ok = false;
        }
        if (!ok) {
            fprintf(stderr, "%s", usage);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    static struct options o = {
        .seconds = 1, .threshold_ns = 2000, .interval_us = 500, .count = 1000, .size = 64, .proto = "udp", .peer = "127.0.0.1:0"};
    if (argc < 2 || !parse(argc - 1, argv + 1, &o)) {
        fprintf(stderr, "%s", usage);
        return 2;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) != 0) continue;
        if (commands[i].needs_cpus && o.cpu_count == 0) {
            fprintf(stderr, "%s needs --cpus\n", argv[1]);
            return 2;
        }
        if (commands[i].run == probe_echo) alarm((unsigned)(o.seconds + 1));
        return commands[i].run(&o);
    }
    fprintf(stderr, "no subcommand %s\n%s", argv[1], usage);
    return 2;
}
