/* Real Binance messages by kind, in memory, for the benches of the parser and of its peers. C and C++.
 *
 * From recorded sessions ("<recv_ns> <json>" lines, gzip): at most CORPUS_MAX of a kind and CORPUS_BYTES_MAX of text (a part of
 * the second-level cache, so that parsing is timed and not memory), spread over the whole file, all different. The kind depth20 is made by
 * us: real depth messages with at least 20 levels a side, cut to 20. */
#ifndef B3_BENCH_FEED_CORPUS_H
#define B3_BENCH_FEED_CORPUS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CORPUS_MAX 2048
#define CORPUS_BYTES_MAX (400 << 10)
#define CORPUS_PADDING 64

enum { CORPUS_DEPTH20, CORPUS_DEPTH, CORPUS_QUOTE, CORPUS_TRADE, CORPUS_KINDS };
static const char *const corpus_names[CORPUS_KINDS] = {"depth20", "depth", "bookTicker", "trade"};

typedef struct corpus {
    uint8_t *text;
    size_t bytes; /* of the messages, padding excluded */
    size_t room;
    size_t used;
    uint32_t count;
    uint32_t offset[CORPUS_MAX];
    uint32_t len[CORPUS_MAX];
} corpus;

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "wrong: %s\n", what);
    exit(1);
}

/* Processor time of this thread: what other work on a shared machine takes away does not count. */
static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void corpus_add(corpus *c, const char *message, size_t len) {
    if (c->used + len + CORPUS_PADDING > c->room) {
        c->room = 2 * (c->room + len + CORPUS_PADDING);
        c->text = (uint8_t *)realloc(c->text, c->room);
        require(c->text != NULL, "out of memory");
    }
    c->offset[c->count] = (uint32_t)c->used;
    c->len[c->count] = (uint32_t)len;
    memcpy(c->text + c->used, message, len);
    memset(c->text + c->used + len, 0, CORPUS_PADDING);
    c->used += len + CORPUS_PADDING;
    c->bytes += len;
    c->count++;
}

static int corpus_has_room(const corpus *c) {
    return c->count < CORPUS_MAX && c->bytes < CORPUS_BYTES_MAX;
}

/* Behind the 20th level of the side that key begins; NULL when it has fewer. */
static const char *behind_20(const char *message, const char *key) {
    const char *at = strstr(message, key);
    const char *end = at == NULL ? NULL : strstr(at, "]]");
    if (end == NULL) return NULL;
    for (int i = 0; i < 20 && at != NULL; i++) at = strchr(at + 1, ']');
    return at == NULL || at > end ? NULL : at + 1;
}

static void corpus_add_depth20(corpus *c, const char *message) {
    const char *bids = behind_20(message, "\"b\":[");
    const char *asks = strstr(message, "\"a\":[");
    const char *asks_end = behind_20(message, "\"a\":[");
    if (bids == NULL || asks_end == NULL) return;
    char cut[8192];
    const int len = snprintf(cut, sizeof cut, "%.*s],%.*s]}}", (int)(bids - message), message, (int)(asks_end - asks), asks);
    require(len > 0 && (size_t)len < sizeof cut, "a depth20 message that is too long");
    corpus_add(c, cut, (size_t)len);
}

static int corpus_kind(const char *message) {
    if (strstr(message, "\"depthUpdate\"") != NULL) return CORPUS_DEPTH;
    if (strstr(message, "@bookTicker\"") != NULL) return CORPUS_QUOTE;
    if (strstr(message, "\"e\":\"trade\"") != NULL) return CORPUS_TRADE;
    return -1;
}

/* Every n-th message of a kind is taken, n chosen so that the whole file is covered. */
static void corpus_read(corpus sets[CORPUS_KINDS], const char *path) {
    static const uint32_t every[CORPUS_KINDS] = {3, 12, 20, 6};
    uint32_t seen[CORPUS_KINDS] = {0};
    char command[4096];
    snprintf(command, sizeof command, "gzip -dc '%s'", path);
    FILE *file = popen(command, "r");
    require(file != NULL, "gzip cannot be started");
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, file)) > 0) {
        if (line[len - 1] == '\n') line[--len] = 0;
        const char *message = strchr(line, ' ');
        require(message != NULL, "a line without a time stamp");
        message++;
        const int kind = corpus_kind(message);
        if (kind < 0) continue;
        if (seen[kind]++ % every[kind] == 0 && corpus_has_room(&sets[kind])) corpus_add(&sets[kind], message, strlen(message));
        if (kind == CORPUS_DEPTH && seen[kind] % every[CORPUS_DEPTH20] == 0 && corpus_has_room(&sets[CORPUS_DEPTH20])) {
            corpus_add_depth20(&sets[CORPUS_DEPTH20], message);
        }
    }
    free(line);
    require(pclose(file) == 0, "the recording cannot be read");
    for (int kind = 0; kind < CORPUS_KINDS; kind++) require(sets[kind].count > 100 || kind == CORPUS_DEPTH20, "too few messages of a kind");
}

#endif
