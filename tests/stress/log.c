/* The journal's log under its two threads: the hot one appends, the drain writes out; the ring wraps many times. What reaches the file must
 * be every record, in order, whole. -DBREAK_ATOMICS: see stress.h. */
#include "stress.h"

#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "engine/log.c"

#define RECORDS 60000

static void *drain_main(void *argument) {
    b3_error error;
    void **pair = argument;
    STRESS_CHECK(b3_log_drain(pair[0], *(int *)pair[1], &error) == B3_OK, "drain failed");
    return NULL;
}

int main(void) {
    b3_log log;
    b3_error error;
    char name[] = "/tmp/bot3-stress-XXXXXX";
    int fd = mkstemp(name);
    STRESS_CHECK(fd >= 0 && unlink(name) == 0, "no temporary file");
    STRESS_CHECK(b3_log_open(&log, 1u << 16, &error) == B3_OK, "no log");
    void *pair[2] = {&log, &fd};
    pthread_t drain;
    STRESS_CHECK(pthread_create(&drain, NULL, drain_main, pair) == 0, "no thread");
    static uint8_t payload[512];
    for (uint64_t i = 0; i < RECORDS; i++) {
        const uint32_t len = (uint32_t)(stress_random(i) % sizeof(payload));
        memset(payload, (int)(i & 0xff), len);
        const b3_record record = {.type = B3_REC_FRAME, .input_no = i};
        STRESS_CHECK(b3_log_put(&log, &record, payload, len) == B3_OK, "put failed");
    }
    b3_log_finish(&log);
    pthread_join(drain, NULL);
    STRESS_CHECK(lseek(fd, 0, SEEK_SET) == 0, "cannot read back");
    for (uint64_t i = 0; i < RECORDS; i++) {
        b3_record record;
        STRESS_CHECK(read(fd, &record, sizeof(record)) == (ssize_t)sizeof(record), "record %llu is missing", (unsigned long long)i);
        const uint32_t len = (uint32_t)(stress_random(i) % sizeof(payload));
        const size_t padded = b3_record_bytes(len) - sizeof(record);
        STRESS_CHECK(record.input_no == i && record.len == len, "record %llu is not the one written", (unsigned long long)i);
        STRESS_CHECK(read(fd, payload, padded) == (ssize_t)padded, "record %llu is cut", (unsigned long long)i);
        STRESS_CHECK(record.crc == b3_record_crc(&record, payload), "record %llu has another checksum", (unsigned long long)i);
        for (uint32_t k = 0; k < len; k++) STRESS_CHECK(payload[k] == (i & 0xff), "record %llu is torn", (unsigned long long)i);
    }
    printf("log: %d records whole and in order\n", RECORDS);
    b3_log_close(&log);
    return 0;
}
