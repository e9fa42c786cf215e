/* Which instruction set the core uses: found once, while the library is loaded, by CPUID (and what the OS saves of the registers), lowered
 * by the environment variable BOT3_ISA=scalar|sse42|avx2|avx512, on ARM scalar|neon (an unknown or unsupported value is reported by
 * b3_cpu_isa_error and ignored). */
#ifndef B3_BASE_CPU_H
#define B3_BASE_CPU_H

#include "bot3.h"

enum b3_isa { B3_ISA_SCALAR = 0, B3_ISA_SSE42 = 1, B3_ISA_AVX2 = 2, B3_ISA_AVX512 = 3, B3_ISA_NEON = 4 };

/* AVX2 means AVX2 + FMA + BMI1/2 + LZCNT + POPCNT; AVX512 adds F, BW, DQ, VL, VBMI. Cheap; to be asked once, at init of a kernel. */
int32_t b3_cpu_isa(void);
const char *b3_cpu_isa_name(int32_t isa);
/* Static text saying why BOT3_ISA was not followed; NULL when it was, or is not set. */
const char *b3_cpu_isa_error(void);

#endif
