/* Preloaded into the bench of the main job: counts what its hot thread asks of malloc between the two marks that the bench writes, and
 * prints "malloc calls in the hot part: N". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static __thread int counting;
static unsigned long calls;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t size) {
    if (counting) calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    if (counting) calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    if (counting) calls++;
    return __libc_realloc(block, size);
}

ssize_t write(int fd, const void *data, size_t len) {
    static ssize_t (*next)(int, const void *, size_t);
    if (next == NULL) next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (fd == -1 && len == 3 && memcmp(data, "B3>", 3) == 0) counting = 1;
    if (fd == -1 && len == 3 && memcmp(data, "B3<", 3) == 0) counting = 0;
    return next(fd, data, len);
}

__attribute__((destructor)) static void report(void) {
    fprintf(stderr, "malloc calls in the hot part: %lu\n", calls);
}
