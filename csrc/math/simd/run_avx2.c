/* Vector runs for AVX2. */
#define B3_RUNS b3_runs_avx2
#define B3_RUN_COUNT b3_run_count_avx2
#include "table.h"
