#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const isa_names[] = {
    [B3_ISA_SCALAR] = "scalar", [B3_ISA_SSE42] = "sse42", [B3_ISA_AVX2] = "avx2", [B3_ISA_AVX512] = "avx512", [B3_ISA_NEON] = "neon",
};

/* Set once, while the library is loaded and nobody can call yet; constants from then on. */
static int32_t isa_in_use;
static const char *isa_error;

#if defined(__x86_64__)
/* Not every compiler's __builtin_cpu_supports knows it. */
static int has_lzcnt(void) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(0x80000001u, &a, &b, &c, &d) != 0 && (c & (1u << 5)) != 0;
}
#endif

static int32_t isa_of_cpu(void) {
#if defined(__x86_64__)
    /* The compiler's support library also checks that the operating system saves the wider registers. */
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return B3_ISA_SCALAR;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2") || !has_lzcnt())
        return B3_ISA_SSE42;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512vbmi"))
        return B3_ISA_AVX2;
    return B3_ISA_AVX512;
#elif defined(__aarch64__)
    return B3_ISA_NEON;
#else
    return B3_ISA_SCALAR;
#endif
}

__attribute__((constructor)) static void find_isa(void) {
    isa_in_use = isa_of_cpu();
    const char *wanted = getenv("BOT3_ISA");
    if (wanted == NULL || wanted[0] == 0 || strcmp(wanted, isa_names[isa_in_use]) == 0) return;
    for (int32_t isa = B3_ISA_SCALAR; isa <= B3_ISA_NEON; isa++) {
        if (strcmp(wanted, isa_names[isa]) != 0) continue;
        /* Above scalar the sets of x86 are ordered: each holds those before it. */
        if (isa == B3_ISA_SCALAR || (isa_in_use != B3_ISA_NEON && isa <= isa_in_use)) isa_in_use = isa;
        else isa_error = "BOT3_ISA names an instruction set that this CPU lacks; the best one it has is used";
        return;
    }
    isa_error = "BOT3_ISA is none of scalar, sse42, avx2, avx512, neon; the best one that the CPU has is used";
}

int32_t b3_cpu_isa(void) {
    return isa_in_use;
}

const char *b3_cpu_isa_name(int32_t isa) {
    return isa >= B3_ISA_SCALAR && isa <= B3_ISA_NEON ? isa_names[isa] : "unknown";
}

const char *b3_cpu_isa_error(void) {
    return isa_error;
}
