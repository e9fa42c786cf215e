/* Memory of start-up and control objects (handles, names, tables that are no part of the hot loop). Hot memory is base/arena.h.
 *
 * mimalloc where the build found it (B3_HAVE_MIMALLOC), else the C library: never mix with malloc and free.
 * Any thread; a block may be freed by another thread than took it. Every call adds to the calling thread's own count, so a thread
 * proves that a stretch of its work allocated nothing by reading the count before and after.
 */
#ifndef B3_BASE_ALLOC_H
#define B3_BASE_ALLOC_H

#include "bot3.h"

/* Zeroed, aligned to 16; the caller frees. NULL when there is no memory. 0 bytes give a block that can be freed. */
void *b3_alloc(size_t bytes);
/* As b3_alloc of count elements; NULL also when the product does not fit. */
void *b3_alloc_array(size_t count, size_t element_bytes);
/* NULL is allowed. */
void b3_alloc_free(void *block);

/* Blocks that this thread ever asked for. */
uint64_t b3_alloc_count(void);
/* "mimalloc" or "libc". */
const char *b3_alloc_name(void);

#endif
