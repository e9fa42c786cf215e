/* A recorded Binance session ("<recv_ns> <json>" lines, gzip) as events in memory, for the benches of book and bars. Slow, simple parsing
 * of its own, outside what is timed; checked by the results that the benches require. Prices and quantities have 8 digits. */
#ifndef B3_BENCH_BOOK_SESSION_H
#define B3_BENCH_BOOK_SESSION_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot3.h"

typedef struct session_message {
    uint32_t first; /* index in levels */
    uint32_t count;
    int64_t first_id;
    int64_t last_id;
} session_message;

typedef struct session {
    b3_level *levels;
    session_message *messages; /* the snapshot, then the diffs that apply to it */
    b3_trade *trades;
    uint32_t level_count, message_count, trade_count, stale;
} session;

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "wrong result: %s\n", what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* "61737.63000000" at text -> 8 digits. */
static int64_t session_decimal(const char **text) {
    int64_t value = 0;
    int digits = -1;
    for (; **text != '"'; (*text)++) {
        if (**text == '.') {
            digits = 0;
            continue;
        }
        value = value * 10 + (**text - '0');
        if (digits >= 0) digits++;
    }
    require(digits == 8, "a decimal of the session without 8 digits");
    (*text)++;
    return value;
}

static int64_t session_number(const char *line, const char *key) {
    const char *at = strstr(line, key);
    require(at != NULL, key);
    return strtoll(at + strlen(key), NULL, 10);
}

static int64_t session_text(const char *line, const char *key) {
    const char *at = strstr(line, key);
    require(at != NULL, key);
    at += strlen(key);
    return session_decimal(&at);
}

/* [["price","qty"],...] after key */
static void session_side(session *s, const char *line, const char *key, uint8_t flags) {
    const char *at = strstr(line, key);
    require(at != NULL, key);
    at += strlen(key) + 1;
    while (*at != ']') {
        at = strchr(at, '"') + 1;
        b3_level *level = &s->levels[s->level_count++];
        *level = (b3_level){.hdr = {.kind = B3_LEVEL, .version = 1, .flags = flags}};
        level->price_raw = session_decimal(&at);
        at = strchr(at, '"') + 1;
        level->qty_raw = session_decimal(&at);
        at++; /* ] of the level */
        if (*at == ',') at++;
    }
}

static void session_depth(session *s, const char *line, int snapshot) {
    session_message *message = &s->messages[s->message_count++];
    const uint8_t flags = snapshot ? B3_FLAG_SNAPSHOT : 0;
    message->first = s->level_count;
    message->last_id = session_number(line, snapshot ? "\"lastUpdateId\":" : "\"u\":");
    message->first_id = snapshot ? message->last_id : session_number(line, "\"U\":");
    session_side(s, line, snapshot ? "\"bids\":" : "\"b\":", flags);
    session_side(s, line, snapshot ? "\"asks\":" : "\"a\":", flags | B3_FLAG_ASK);
    message->count = s->level_count - message->first;
    require(message->count > 0, "a message without a level");
    for (uint32_t i = message->first; i < s->level_count; i++) s->levels[i].last_update_id = message->last_id;
    s->levels[s->level_count - 1].hdr.flags |= B3_FLAG_LAST;
}

static void session_trade(session *s, const char *line) {
    b3_trade *trade = &s->trades[s->trade_count++];
    *trade = (b3_trade){.hdr = {.kind = B3_TRADE, .version = 1, .ts_exchange_ns = session_number(line, "\"T\":") * 1000000}};
    trade->price_raw = session_text(line, "\"p\":\"");
    trade->qty_raw = session_text(line, "\"q\":\"");
    trade->trade_id = trade->first_trade_id = trade->last_trade_id = session_number(line, "\"t\":");
}

/* The snapshot comes first; diffs from before it that it holds already are stale. */
static void session_order(session *s) {
    uint32_t at = 0;
    while (at < s->message_count && (s->levels[s->messages[at].first].hdr.flags & B3_FLAG_SNAPSHOT) == 0) at++;
    require(at < s->message_count, "no snapshot");
    const session_message snapshot = s->messages[at];
    memmove(&s->messages[1], &s->messages[0], at * sizeof snapshot);
    s->messages[0] = snapshot;
    uint32_t kept = 1;
    int64_t last_id = snapshot.last_id;
    for (uint32_t i = 1; i < s->message_count; i++) {
        if (s->messages[i].last_id <= last_id) {
            s->stale++;
            continue;
        }
        require(s->messages[i].first_id <= last_id + 1, "a gap");
        last_id = s->messages[i].last_id;
        s->messages[kept++] = s->messages[i];
    }
    s->message_count = kept;
}

static void *session_room(size_t bytes) {
    void *room = calloc(1, bytes);
    require(room != NULL, "out of memory");
    return room;
}

static session session_load(char **files, int count) {
    session s = {.levels = session_room(400000 * sizeof(b3_level)),
                 .messages = session_room(10000 * sizeof(session_message)),
                 .trades = session_room(30000 * sizeof(b3_trade))};
    char *line = NULL;
    size_t room = 0;
    for (int i = 0; i < count; i++) {
        char command[4096];
        require((size_t)snprintf(command, sizeof command, "gzip -dc '%s'", files[i]) < sizeof command, "a file name too long");
        FILE *in = popen(command, "r");
        require(in != NULL, files[i]);
        while (getline(&line, &room, in) > 0) {
            require(s.level_count < 390000 && s.message_count < 9999 && s.trade_count < 29999, "a session longer than there is room for");
            if (strstr(line, "\"depthUpdate\"") != NULL) session_depth(&s, line, 0);
            else if (strstr(line, "\"lastUpdateId\"") != NULL) session_depth(&s, line, 1);
            else if (strstr(line, "\"e\":\"trade\"") != NULL) session_trade(&s, line);
        }
        require(pclose(in) == 0, files[i]);
    }
    free(line);
    session_order(&s);
    return s;
}

#endif
