/* What the arena cannot make resident: the core's own code and constants, and the stack of the hot thread. A page of either that is
 * touched for the first time in the hot loop costs a page fault there.
 */
#ifndef B3_BASE_PREFAULT_H
#define B3_BASE_PREFAULT_H

#include "bot3.h"

/* Bytes of stack that the hot loop may use: stages write their events to the stack. */
#define B3_PREFAULT_STACK (256u << 10)

/* Makes every loaded segment of the object (library or program) that this function lies in resident. Best effort: a kernel before 5.14
 * has no such call, and then pages come in when they are touched. A few system calls. */
void b3_prefault_code(void);

/* Touches B3_PREFAULT_STACK bytes of the calling thread's stack below the caller. */
void b3_prefault_stack(void);

#endif
