/* bot3.ffi._ta: what bot3.ta calls without cffi in between, a second module in the library of _core. */
#ifndef B3_TA_MODULE_H
#define B3_TA_MODULE_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bot3.h"

/* Most streams fit into so many bytes; memory for others is allocated. */
#define B3_TA_STREAM_SIZE 2048

/* function(...) of the module: ta_batch.c. */
PyObject *b3_ta_function(PyObject *module, PyObject *args);
/* The types StreamUpdates and GraphUpdates: ta_updates.c. NULL: not made, an exception is set. */
PyObject *b3_ta_stream_updates(void);
PyObject *b3_ta_graph_updates(void);

/* A tuple of type `type`, a named tuple's class, of the same items; takes `values` over. NULL: an exception is set. */
PyObject *b3_ta_named(PyObject *type, PyObject *values);

#endif
