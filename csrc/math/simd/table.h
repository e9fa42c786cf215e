/* The table of vector runs of one instruction set: B3_RUNS and B3_RUN_COUNT name it. */
#include "chunks.h"
#include "elements.h"
#include "extremes.h"
#include "kama.h"
#include "long.h"
#include "math/kernel.h"
#include "pairs.h"
#include "recursive.h"
#include "stochrsi.h"
#include "sums.h"

#define WINDOW(kernel) {.indicator = &b3_indicator_##kernel, .window = run_##kernel}
#define ANY_WINDOW(kernel) {.indicator = &b3_indicator_##kernel, .window = run_##kernel, .long_window = run_long_##kernel}
#define LANES(kernel) {.indicator = &b3_indicator_##kernel, .recursive = run_##kernel, .rows = rows_##kernel}
#define FILTER(kernel) {.indicator = &b3_indicator_##kernel, .recursive = run_##kernel}

const b3_run B3_RUNS[] = {
    ELEMENT_ROWS,    RECURSIVE_ROWS,  CHUNK_ROWS,      FILTER(kama),       FILTER(stochrsi),        ANY_WINDOW(sum),
    ANY_WINDOW(sma), ANY_WINDOW(max), ANY_WINDOW(min), ANY_WINDOW(minmax), WINDOW(midpoint),        ANY_WINDOW(donchian),
    WINDOW(willr),   WINDOW(stochf),  WINDOW(stoch),   WINDOW(var),        WINDOW(stddev),          WINDOW(zscore),
    WINDOW(bbands),  WINDOW(wma),     WINDOW(hma),     WINDOW(linearreg),  WINDOW(linearreg_slope), WINDOW(tsf),
    WINDOW(trima),   WINDOW(vwma),    WINDOW(cmf),     WINDOW(correl),     WINDOW(covariance),      WINDOW(beta),
    WINDOW(cci),     WINDOW(mfi),     WINDOW(ultosc),  WINDOW(aroon),      WINDOW(aroonosc),
};

const uint32_t B3_RUN_COUNT = sizeof B3_RUNS / sizeof B3_RUNS[0];
