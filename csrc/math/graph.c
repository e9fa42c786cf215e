#include "kernel.h"

void b3_graph_update(const b3_graph_node *nodes, uint32_t node_count, double *slots) {
    for (uint32_t n = 0; n < node_count; ++n) {
        const b3_graph_node *node = &nodes[n];
        double x[B3_INDICATOR_INPUTS];
        for (uint32_t j = 0; j < node->indicator->input_count; ++j) x[j] = slots[node->in[j]];
        node->indicator->update(node->stream, x, &slots[node->first_out]);
    }
}

void b3_graph_run_blocking(const b3_graph_node *nodes, uint32_t node_count, double *slots, uint32_t input_count, uint32_t slot_count,
                           const double *const *in, double *const *out, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        for (uint32_t j = 0; j < input_count; ++j) slots[j] = in[j][i];
        b3_graph_update(nodes, node_count, slots);
        for (uint32_t j = input_count; j < slot_count; ++j) out[j - input_count][i] = slots[j];
    }
}
