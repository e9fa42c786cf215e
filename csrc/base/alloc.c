#include "base/alloc.h"

#ifdef B3_HAVE_MIMALLOC
#include <mimalloc.h>
#else
#include <stdlib.h>
#endif

#define ALIGNMENT 16u

/* The one exception to "no mutable globals": it counts for the thread, not for an engine, and only its own thread sees it. */
static _Thread_local uint64_t thread_count;

void *b3_alloc(size_t bytes) {
    return b3_alloc_array(1, bytes);
}

void *b3_alloc_array(size_t count, size_t element_bytes) {
    size_t bytes = 0;
    thread_count++;
    if (__builtin_mul_overflow(count, element_bytes, &bytes) || bytes > PTRDIFF_MAX) return NULL;
    if (bytes < ALIGNMENT) bytes = ALIGNMENT; /* smaller blocks are aligned to 8 alone in mimalloc */
#ifdef B3_HAVE_MIMALLOC
    return mi_zalloc(bytes);
#else
    return calloc(1, bytes);
#endif
}

void b3_alloc_free(void *block) {
#ifdef B3_HAVE_MIMALLOC
    mi_free(block);
#else
    free(block);
#endif
}

uint64_t b3_alloc_count(void) {
    return thread_count;
}

const char *b3_alloc_name(void) {
#ifdef B3_HAVE_MIMALLOC
    return "mimalloc";
#else
    return "libc";
#endif
}
