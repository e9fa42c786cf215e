#include "feed/json_layout.h"

_Static_assert(B3_LAYOUT_SLOTS == 1 << (64 - 57), "a slot is the top bits of the key");

/* Bytes that may be any digit. */
static void set_digits(b3_json_layout *layout, uint64_t at, int64_t len) {
    memset(layout->base + at, '0', (size_t)len);
    memset(layout->limit + at, 9, (size_t)len);
}

static void set_whole(b3_json_layout *layout, const b3_input *input, const b3_json_places *places) {
    for (uint32_t i = 0; i < places->whole_count; i++) {
        const uint64_t at = (uint64_t)(places->whole[i].at - input->data);
        const int64_t len = places->whole[i].len;
        set_digits(layout, at, len);
        layout->base[at] = '1';
        layout->limit[at] = 8;
        if (i >= 4) continue;
        layout->whole_at[i] = (uint16_t)at;
        memset(layout->whole_rows[i], 0x80, 16);
        for (int64_t lane = 0; lane < len; lane++) layout->whole_rows[i][16 - len + lane] = (uint8_t)lane;
    }
}

static void set_decimals(b3_json_layout *layout, const b3_input *input, const b3_json_entry *entry, const b3_json_places *places) {
    for (uint32_t i = 0; i < places->decimal_count; i++) {
        const b3_json_digits *digits = i % 2 == 0 ? entry->price : entry->qty;
        const uint64_t at = (uint64_t)(places->decimals[i].at - input->data);
        const uint8_t *row = digits->rows[places->decimals[i].len - B3_DIGITS_ROW_MIN];
        for (int lane = 1; lane < 16; lane++) {
            if (row[lane] >= 0x80) continue;
            layout->base[at + row[lane]] = '0';
            layout->limit[at + row[lane]] = digits->limit[lane];
        }
        layout->decimal_at[i] = (uint16_t)at;
        memcpy(layout->decimal_rows[i], row, 16);
        layout->decimal_rows[i][0] = 0x80; /* the point is the layout's to check */
    }
}

void b3_json_layout_learn(b3_json_layout *slot, const b3_input *input, const b3_json_entry *entry, const b3_header *head,
                          const b3_json_places *places) {
    if (input->len > B3_LAYOUT_BYTES || (slot->len != 0 && ++slot->misses < B3_LAYOUT_PATIENCE)) return;
    memset(slot->limit, 0xFF, sizeof slot->limit); /* behind the message anything may stand */
    memset(slot->limit, 0, input->len);
    memset(slot->base, 0, sizeof slot->base);
    memcpy(slot->base, input->data, input->len);
    set_whole(slot, input, places);
    set_decimals(slot, input, entry, places);
    slot->len = input->len;
    slot->misses = 0;
    slot->kind = head->kind;
    slot->head = *head;
    const b3_json_place *time = &places->whole[head->kind == B3_QUOTE ? 1 : 0];
    slot->unit_ns = head->ts_exchange_ns == 0 ? 0 : time->len >= 15 ? 1000 : 1000000;
    slot->head.stamp = 0;
    slot->head.ts_exchange_ns = 0;
    slot->head.ts_recv_ns = 0;
    slot->head.input_no = 0;
}
