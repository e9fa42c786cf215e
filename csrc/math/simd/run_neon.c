/* Vector runs for NEON. */
#define B3_RUNS b3_runs_neon
#define B3_RUN_COUNT b3_run_count_neon
#include "table.h"
