/* Layout of the event structs as the compiler sees it. */
#include "bot3.h"

/* cdef: begin */
size_t b3t_event_sizeof_max(void);
/* cdef: end */
