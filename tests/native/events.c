#include "events.h"

size_t b3t_event_sizeof_max(void) {
    return sizeof(b3_slot);
}
