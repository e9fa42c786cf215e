#include "base/prefault.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/atomics.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static int populate(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size;
    (void)unused;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t here = (uintptr_t)&b3_prefault_code;
    int ours = 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const uintptr_t from = object->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && here >= from && here < from + segment->p_memsz) ours = 1;
    }
    for (int i = 0; ours && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD) continue;
        const uintptr_t from = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        const uintptr_t to = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        (void)madvise((void *)from, to - from, MADV_POPULATE_READ);
    }
    return ours;
}

void b3_prefault_code(void) {
    dl_iterate_phdr(populate, NULL);
}

__attribute__((noinline)) void b3_prefault_stack(void) {
    uint8_t below[B3_PREFAULT_STACK];
    for (size_t i = 0; i < sizeof(below); i += 1024) b3_store_relaxed(&below[i], 0);
}
