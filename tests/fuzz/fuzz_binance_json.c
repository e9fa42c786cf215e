/* Any bytes into the Binance parser: no read beyond the padding, no write beyond the room, and every form tells the same.
 *
 * The message lies right before 64 bytes of padding and then memory that the sanitizer guards. The padding repeats the message's own
 * beginning, so that a parser that trusts it goes astray. Each form that this machine has must give the same status as the general
 * parser, the same events, and for faults the same place. Built with libFuzzer, or with -DB3_FUZZ_REPLAY as a program that takes files.
 */
#include "base/cpu.h"
#include "feed/binance_json.h"
#include "feed/json_variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMS 3
#define ROOM (64 * sizeof(b3_level))

static const int32_t isa_of_form[FORMS] = {-1, B3_ISA_AVX2, B3_ISA_AVX512};

/* Different scales, so that numbers are exact under one, too fine or too large under another. */
static const b3_json_symbol symbols[] = {
    {.symbol = "BTCUSDT", .instrument = 0, .venue = 1, .price_scale = 8, .qty_scale = 8},
    {.symbol = "ETHUSDT", .instrument = 1, .venue = 1, .price_scale = 2, .qty_scale = 3},
    {.symbol = "BNBUSDT", .instrument = 2, .venue = 1, .price_scale = 10, .qty_scale = 0},
};
#define SYMBOLS (sizeof symbols / sizeof symbols[0])

static void must(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static b3_json *parser_of(int32_t isa) {
    const size_t size = (b3_json_size(SYMBOLS) + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, size);
    must(memory != NULL, "memory");
    memset(memory, 0, size);
    must(b3_json_init_isa(memory, symbols, SYMBOLS, isa) == B3_OK, "init");
    return memory;
}

/* A message of each symbol, before every input: the parser then is in the same state, and knows forms of numbers to speculate on. */
static void teach(b3_json *parser, uint8_t *out) {
    static const char *const lessons[SYMBOLS] = {
        "{\"u\":1,\"s\":\"BNBUSDT\",\"b\":\"1.0000\",\"B\":\"1\",\"a\":\"1.0000\",\"A\":\"1\"}",
        "{\"u\":1,\"s\":\"ETHUSDT\",\"b\":\"1.00\",\"B\":\"1.000\",\"a\":\"1.00\",\"A\":\"1.000\"}",
        "{\"u\":1,\"s\":\"BTCUSDT\",\"b\":\"1.00000000\",\"B\":\"1.00000000\",\"a\":\"1.00000000\",\"A\":\"1.00000000\"}",
    };
    for (size_t i = 0; i < SYMBOLS; i++) {
        uint8_t text[256] = {0};
        const size_t len = strlen(lessons[i]);
        memcpy(text, lessons[i], len);
        const b3_input input = {.data = text, .len = (uint32_t)len};
        b3_parsed parsed;
        b3_error error;
        must(b3_json_parse(parser, &input, -1, out, ROOM, &parsed, &error) == B3_OK, "the lesson");
    }
}

/* All forms on one message, each with an output of its own. */
static void compare(b3_json *const parsers[FORMS], const b3_input *input) {
    uint8_t *out[FORMS] = {0};
    int32_t first_status = 0;
    b3_parsed first_parsed = {0};
    b3_error first_error = {0};
    for (int form = 0; form < FORMS; form++) {
        if (parsers[form] == NULL) continue;
        out[form] = malloc(ROOM);
        b3_parsed parsed = {0};
        b3_error error = {0};
        const int32_t status = b3_json_parse(parsers[form], input, 0, out[form], ROOM, &parsed, &error);
        if (form == 0) {
            first_status = status;
            first_parsed = parsed;
            first_error = error;
            continue;
        }
        must(status == first_status, "the forms differ in status");
        if (status < 0)
            must(error.position == first_error.position && error.position <= input->len, "the forms differ in the fault's place");
        if (status != B3_OK) continue;
        must(parsed.kind == first_parsed.kind && parsed.count == first_parsed.count, "the forms differ in kind or count");
        must(parsed.instrument == first_parsed.instrument, "the forms differ in the instrument");
        must(memcmp(out[form], out[0], parsed.count * b3_event_size(parsed.kind)) == 0, "the forms differ in an event");
    }
    for (int form = 0; form < FORMS; form++) free(out[form]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input three times: as it is; again, when the parser has seen one like it; and with one byte changed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static b3_json *parsers[FORMS];
    static uint8_t taught[ROOM];
    if (size == 0 || size > 1 << 16) return 0;
    for (int form = 0; form < FORMS; form++) {
        if (isa_of_form[form] > b3_cpu_isa()) continue;
        if (parsers[form] == NULL) parsers[form] = parser_of(isa_of_form[form]);
        teach(parsers[form], taught);
    }
    uint8_t *text = malloc(size + B3_INPUT_PADDING);
    memcpy(text, data, size);
    for (size_t i = 0; i < B3_INPUT_PADDING; i++) text[size + i] = data[i % size];
    const b3_input input = {.data = text, .len = (uint32_t)size, .recv_ns = 7, .input_no = 8};
    compare(parsers, &input);
    compare(parsers, &input);
    text[(size_t)data[size / 2] * size / 256] = data[size / 3];
    compare(parsers, &input);
    free(text);
    return 0;
}

#ifdef B3_FUZZ_REPLAY
static void replay(const char *path) {
    FILE *file = fopen(path, "rb");
    must(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    const long size = ftell(file);
    rewind(file);
    uint8_t *data = malloc((size_t)size + 1);
    must(data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size, path);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) replay(argv[i]);
    printf("%d inputs, no difference and no fault\n", argc - 1);
    return argc > 1 ? 0 : 2;
}
#endif
