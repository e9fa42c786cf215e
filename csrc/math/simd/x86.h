/* What the instruction sets of x86 have in common. */
#ifndef B3_MATH_SIMD_X86_H
#define B3_MATH_SIMD_X86_H

#include <immintrin.h>

#define WIDE_EQUAL_TO _CMP_EQ_OQ
#define WIDE_ABOVE _CMP_GT_OQ
#define WIDE_BELOW _CMP_LT_OQ
#define WIDE_AT_MOST _CMP_LE_OQ
#define WIDE_NOT_AT_LEAST _CMP_NGE_UQ
#define WIDE_UNORDERED_WITH _CMP_UNORD_Q

#endif
