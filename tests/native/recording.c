#include "recording.h"

#include "base/crc.h"
#include "net/recording.h"

uint32_t b3t_crc32c(const void *data, size_t len) {
    return b3_crc32c(0, data, len);
}

uint64_t b3t_recording_read_padding(const b3_record *record) {
    const uint8_t *end = (const uint8_t *)(record + 1) + record->len;
    uint64_t sum = 0;
    for (int i = 0; i < B3_INPUT_PADDING; i++) sum += end[i];
    return sum;
}

uint64_t b3t_recording_drain(b3_recording *recording, uint64_t *bytes) {
    const b3_record *record = NULL;
    uint64_t count = 0;
    *bytes = 0;
    while (b3_recording_advance(recording, &record) == B3_OK) {
        *bytes += record->len;
        count++;
    }
    return count;
}

const uint8_t *b3t_recording_payload(const b3_record *record) {
    return (const uint8_t *)(record + 1);
}
