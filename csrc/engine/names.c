#include "bot3.h"

#define STRINGIFY(x) #x
#define VERSION_TEXT(x) STRINGIFY(x)

const char *b3_version(void) {
    return VERSION_TEXT(B3_VERSION);
}
