#include <string.h>

#include "kernel.h"

static const b3_indicator *const TABLE[] = {
#define KERNEL(name) &b3_indicator_##name,
#include "kernels.def"
#undef KERNEL
};

const b3_indicator *b3_indicator_at(uint32_t index) {
    return index < B3_COUNT(TABLE) ? TABLE[index] : NULL;
}

const b3_indicator *b3_indicator_find(const char *name) {
    for (uint32_t i = 0; i < B3_COUNT(TABLE); ++i)
        if (strcmp(TABLE[i]->name, name) == 0) return TABLE[i];
    return NULL;
}

static int32_t refuse(b3_error *error, uint32_t index, const char *what) {
    *error = (b3_error){.status = B3_ERR_ARGUMENT, .position = index, .what = what};
    return B3_ERR_ARGUMENT;
}

int32_t b3_indicator_check(const b3_indicator *indicator, const double *params, b3_error *error) {
    for (uint32_t i = 0; i < indicator->param_count; ++i) {
        const b3_param *param = &indicator->params[i];
        if (!(params[i] >= param->min && params[i] <= param->max)) return refuse(error, i, "an indicator's parameter is out of bounds");
        const int whole = strcmp(param->unit, "bars") == 0 || strchr(param->unit, '|') != NULL;
        if (whole && params[i] != floor(params[i])) return refuse(error, i, "an indicator's parameter must be a whole number");
    }
    return B3_OK;
}
