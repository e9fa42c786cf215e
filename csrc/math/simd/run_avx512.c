/* Vector runs for AVX512. */
#define B3_RUNS b3_runs_avx512
#define B3_RUN_COUNT b3_run_count_avx512
#include "table.h"
