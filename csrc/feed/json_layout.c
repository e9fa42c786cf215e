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

/* One number of a pair of levels: at in the text, its row's digits to lanes 16 * slot. */
static void set_level_number(b3_json_levels *levels, uint64_t at, int64_t len, const b3_json_digits *digits, uint32_t slot) {
    const uint8_t *row = digits->rows[len - B3_DIGITS_ROW_MIN];
    memset(levels->base + at, '.', (size_t)len); /* what the row does not take is the point */
    for (uint32_t lane = 1; lane < 16; lane++) {
        if (row[lane] >= 0x80) continue;
        levels->base[at + row[lane]] = '0';
        levels->limit[at + row[lane]] = digits->limit[lane];
        levels->pick[16 * slot + lane] = (uint8_t)(at + row[lane]);
    }
    memcpy(levels->rows[slot % 2], row, 16);
    levels->rows[slot % 2][0] = 0x80;
}

void b3_json_levels_learn(b3_json_levels *levels, const b3_json_entry *entry, int64_t price_len, int64_t qty_len) {
    if (price_len == levels->price_len && qty_len == levels->qty_len) return;
    if (levels->price_len != 0 && ++levels->misses < B3_LAYOUT_PATIENCE) return;
    const int64_t step = price_len + qty_len + 8;
    const int64_t covered = 2 * step - 3; /* up to the second quantity's last digit */
    *levels = (b3_json_levels){.price_len = price_len, .qty_len = qty_len, .step = covered <= 64 ? step : 0};
    if (levels->step == 0) return;
    memset(levels->limit + covered, 0xFF, (size_t)(64 - covered));
    for (uint32_t i = 0; i < 2; i++) {
        const uint64_t at = (uint64_t)(i * step);
        const uint64_t qty_at = at + (uint64_t)price_len + 5;
        if (i > 0) memcpy(levels->base + at - 3, "\"],", 3);
        memcpy(levels->base + at, "[\"", 2);
        set_level_number(levels, at + 2, price_len, entry->price, 2 * i);
        memcpy(levels->base + qty_at - 3, "\",\"", 3);
        set_level_number(levels, qty_at, qty_len, entry->qty, 2 * i + 1);
    }
}
