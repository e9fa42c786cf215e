#include "kernel.h"

/* Bars that go through all nodes before the next do: the columns between them stay in the second cache. */
#define BARS_AT_ONCE 16384

void b3_graph_update(const b3_graph_node *nodes, uint32_t node_count, double *slots) {
    for (uint32_t n = 0; n < node_count; ++n) {
        const b3_graph_node *node = &nodes[n];
        double x[B3_INDICATOR_INPUTS];
        for (uint32_t j = 0; j < node->indicator->input_count; ++j) x[j] = slots[node->in[j]];
        node->indicator->update(node->stream, x, &slots[node->first_out]);
    }
}

static void run_node(const b3_graph_node *node, uint32_t input_count, const double *const *in, double *const *out, uint64_t at,
                     uint64_t size) {
    const double *from[B3_INDICATOR_INPUTS];
    double *to[B3_INDICATOR_OUTPUTS];
    for (uint32_t j = 0; j < node->indicator->input_count; ++j) {
        const uint32_t slot = node->in[j];
        from[j] = (slot < input_count ? in[slot] : out[slot - input_count]) + at;
    }
    for (uint32_t j = 0; j < node->indicator->output_count; ++j) to[j] = out[node->first_out - input_count + j] + at;
    b3_indicator_run_blocking(node->indicator, node->params, node->stream, from, to, size);
}

void b3_graph_run_blocking(const b3_graph_node *nodes, uint32_t node_count, double *slots, uint32_t input_count, uint32_t slot_count,
                           const double *const *in, double *const *out, uint64_t count) {
    for (uint64_t at = 0, size; at < count; at += size) {
        size = count - at < BARS_AT_ONCE ? count - at : BARS_AT_ONCE;
        for (uint32_t n = 0; n < node_count; ++n) run_node(&nodes[n], input_count, in, out, at, size);
    }
    for (uint32_t j = 0; j < slot_count && count != 0; ++j) slots[j] = (j < input_count ? in[j] : out[j - input_count])[count - 1];
}
