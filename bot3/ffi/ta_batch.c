/* The functions bot3.ta.<name>, as Python calls them.
 *
 * What a caller nearly always passes, contiguous one-dimensional float64 arrays and plain numbers, goes from the call to the kernel and
 * back in a fraction of a microsecond. Everything else, all that is wrong included, goes to the `general` function in Python with the
 * arguments as they came: so conversions, panels, tables and errors have one implementation, and this one may give up at any point.
 */
#include "ta_module.h"

/* A run that is longer lets other Python threads go on meanwhile. */
#define SHORT_RUN 10000
#define ARRAYS_MAX (B3_INDICATOR_INPUTS + B3_INDICATOR_OUTPUTS)

/* The state of the module object that is a function's self. Everything lives as long as the process. */
typedef struct batch {
    const b3_indicator *indicator;
    PyMethodDef method;
    PyObject *params[B3_INDICATOR_PARAMS]; /* names, interned */
    PyObject *out;                         /* the name "out", interned */
    PyObject *general;
    PyObject *array_type;
    PyObject *empty; /* numpy.empty */
    PyObject *large; /* the same for `large_least` values and more (bot3/ta/memory.py) */
    Py_ssize_t large_least;
    PyObject *result; /* a named tuple's class; NULL: one output, returned as it is */
} batch;

/* A call being made. What it holds is released by call_end. */
typedef struct call {
    double params[B3_INDICATOR_PARAMS];
    Py_buffer views[ARRAYS_MAX]; /* inputs, then outputs */
    uint32_t view_count;
    PyObject *outputs[B3_INDICATOR_OUTPUTS];
    uint32_t output_count;
    PyObject *out; /* the caller's, borrowed; NULL: none */
} call;

static void call_end(call *now) {
    for (uint32_t i = 0; i < now->view_count; ++i) PyBuffer_Release(&now->views[i]);
    for (uint32_t i = 0; i < now->output_count; ++i) Py_DecRef(now->outputs[i]);
}

static int take_number(PyObject *value, double *number) {
    if (PyLong_CheckExact(value)) *number = PyLong_AsDouble(value);
    else if (PyFloat_CheckExact(value)) *number = PyFloat_AsDouble(value);
    else return 0;
    return !PyErr_Occurred();
}

/* 0: not a plain number, or what a number does not say (bot3/ta/kernels.py). */
static int take_param(const b3_param *param, PyObject *value, double *number) {
    return strchr(param->unit, '|') == NULL && take_number(value, number);
}

/* 0: not all are plain numbers that the kernel takes, given once by a name that it knows. */
static int take_params(const batch *b, call *now, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    const uint32_t param_count = b->indicator->param_count;
    const Py_ssize_t positional = count - b->indicator->input_count;
    if (positional < 0 || positional > param_count) return 0;
    for (uint32_t i = 0; i < param_count; ++i) now->params[i] = b->indicator->params[i].value;
    for (Py_ssize_t i = 0; i < positional; ++i)
        if (!take_param(&b->indicator->params[i], args[b->indicator->input_count + i], &now->params[i])) return 0;
    const Py_ssize_t name_count = names == NULL ? 0 : PyTuple_Size(names);
    for (Py_ssize_t k = 0; k < name_count; ++k) {
        PyObject *name = PyTuple_GetItem(names, k);
        PyObject *value = args[count + k];
        if (name == b->out) {
            now->out = value == Py_None ? NULL : value;
            continue;
        }
        uint32_t i = (uint32_t)positional;
        while (i < param_count && b->params[i] != name) ++i;
        if (i == param_count || !take_param(&b->indicator->params[i], value, &now->params[i])) return 0;
    }
    b3_error error;
    return b3_indicator_check(b->indicator, now->params, &error) == B3_OK;
}

/* 0: not an array as the core reads it, of the length of the first. */
static int take_array(const batch *b, call *now, PyObject *array, int flags) {
    if ((PyObject *)Py_TYPE(array) != b->array_type) return 0;
    Py_buffer *view = &now->views[now->view_count];
    if (PyObject_GetBuffer(array, view, flags | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) return 0;
    ++now->view_count;
    return view->ndim == 1 && view->format != NULL && strcmp(view->format, "d") == 0 && (uintptr_t)view->buf % sizeof(double) == 0 &&
           view->shape[0] > 0 && view->shape[0] == now->views[0].shape[0];
}

static int overlap(const Py_buffer *a, const Py_buffer *b) {
    return (uintptr_t)a->buf < (uintptr_t)b->buf + (size_t)b->len && (uintptr_t)b->buf < (uintptr_t)a->buf + (size_t)a->len;
}

/* An output array, the caller's or a new one, that overlaps no other. */
static int take_output(const batch *b, call *now, PyObject *given, Py_ssize_t length) {
    PyObject *array = given;
    if (array == NULL) {
        PyObject *size = PyLong_FromSsize_t(length);
        array = size == NULL ? NULL : PyObject_CallFunctionObjArgs(length < b->large_least ? b->empty : b->large, size, NULL);
        Py_DecRef(size);
        if (array == NULL) return 0;
    } else {
        Py_IncRef(array);
    }
    now->outputs[now->output_count++] = array;
    if (!take_array(b, now, array, PyBUF_WRITABLE)) return 0;
    const uint32_t own = now->view_count - 1;
    for (uint32_t i = 0; i < own && given != NULL; ++i)
        if (overlap(&now->views[i], &now->views[own])) return 0;
    return 1;
}

static int take_outputs(const batch *b, call *now) {
    const uint32_t count = b->indicator->output_count;
    if (now->out != NULL && count > 1 && (!PyTuple_CheckExact(now->out) || PyTuple_Size(now->out) != count)) return 0;
    for (uint32_t i = 0; i < count; ++i) {
        PyObject *given = now->out == NULL || count == 1 ? now->out : PyTuple_GetItem(now->out, i);
        if (!take_output(b, now, given, now->views[0].shape[0])) return 0;
    }
    return 1;
}

/* 0: no memory. */
static int run(const batch *b, call *now) {
    const b3_indicator *indicator = b->indicator;
    const uint64_t length = (uint64_t)now->views[0].shape[0];
    const double *in[B3_INDICATOR_INPUTS];
    double *out[B3_INDICATOR_OUTPUTS];
    for (uint32_t i = 0; i < indicator->input_count; ++i) in[i] = now->views[i].buf;
    for (uint32_t i = 0; i < indicator->output_count; ++i) out[i] = now->views[indicator->input_count + i].buf;
    uint64_t small[B3_TA_STREAM_SIZE / sizeof(uint64_t)];
    const size_t size = indicator->size(now->params);
    void *scratch = size <= sizeof small ? small : PyMem_Malloc(size);
    if (scratch == NULL) return 0;
    PyThreadState *released = length > SHORT_RUN ? PyEval_SaveThread() : NULL;
    b3_indicator_panel_blocking(indicator, now->params, scratch, in, out, 1, length, length, length, 1);
    if (released != NULL) PyEval_RestoreThread(released);
    if (scratch != small) PyMem_Free(scratch);
    return 1;
}

static PyObject *pack(const batch *b, const call *now) {
    if (b->result == NULL) {
        Py_IncRef(now->outputs[0]);
        return now->outputs[0];
    }
    PyObject *values = PyTuple_New(now->output_count);
    if (values == NULL) return NULL;
    for (uint32_t i = 0; i < now->output_count; ++i) {
        Py_IncRef(now->outputs[i]);
        PyTuple_SetItem(values, i, now->outputs[i]);
    }
    return b3_ta_named(b->result, values);
}

/* NULL: not a call for here. */
static PyObject *call_quickly(const batch *b, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    call now;
    now.view_count = now.output_count = 0;
    now.out = NULL;
    PyObject *result = NULL;
    int fits = take_params(b, &now, args, count, names);
    for (uint32_t i = 0; i < b->indicator->input_count && fits; ++i) fits = take_array(b, &now, args[i], 0);
    if (fits && take_outputs(b, &now) && run(b, &now)) result = pack(b, &now);
    call_end(&now);
    return result;
}

static PyObject *call_generally(const batch *b, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    PyObject *positional = PyTuple_New(count);
    PyObject *named = PyDict_New();
    PyObject *result = NULL;
    int whole = positional != NULL && named != NULL;
    for (Py_ssize_t i = 0; i < count && whole; ++i) {
        Py_IncRef(args[i]);
        whole = PyTuple_SetItem(positional, i, args[i]) == 0;
    }
    const Py_ssize_t name_count = names == NULL ? 0 : PyTuple_Size(names);
    for (Py_ssize_t k = 0; k < name_count && whole; ++k) whole = PyDict_SetItem(named, PyTuple_GetItem(names, k), args[count + k]) == 0;
    if (whole) result = PyObject_Call(b->general, positional, named);
    Py_DecRef(positional);
    Py_DecRef(named);
    return result;
}

static PyObject *batch_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    const batch *b = PyModule_GetState(self);
    PyObject *result = call_quickly(b, args, count, names);
    if (result != NULL) return result;
    PyErr_Clear();
    return call_generally(b, args, count, names);
}

/* function(general, name, text, row, result, array_type, empty, large, large_least) -> the function bot3.ta.<name>.
 * text: "name($module, ...)\n--\n\n", then the docstring. row: address of a b3_indicator. result: a named tuple's class, or None. */
PyObject *b3_ta_function(PyObject *self, PyObject *args) {
    static PyModuleDef holder = {PyModuleDef_HEAD_INIT, .m_name = "bot3.ta", .m_size = sizeof(batch)};
    (void)self;
    PyObject *general = NULL;
    PyObject *result = NULL;
    PyObject *array_type = NULL;
    PyObject *empty = NULL;
    PyObject *large = NULL;
    Py_ssize_t large_least = 0;
    const char *name = NULL;
    const char *text = NULL;
    unsigned long long row = 0;
    if (!PyArg_ParseTuple(args, "OssKOOOOn:function", &general, &name, &text, &row, &result, &array_type, &empty, &large, &large_least))
        return NULL;
    PyObject *module = PyModule_Create(&holder);
    PyObject *where = PyUnicode_FromString("bot3.ta");
    if (module == NULL || where == NULL) return NULL;
    batch *b = PyModule_GetState(module);
    b->indicator = (const b3_indicator *)(uintptr_t)row;
    for (uint32_t i = 0; i < b->indicator->param_count; ++i) b->params[i] = PyUnicode_InternFromString(b->indicator->params[i].name);
    b->out = PyUnicode_InternFromString("out");
    b->general = general;
    b->array_type = array_type;
    b->empty = empty;
    b->large = large;
    b->large_least = large_least;
    b->result = result == Py_None ? NULL : result;
    if (PyModule_AddObjectRef(module, "arguments", args) < 0) return NULL; /* all that b points to */
    b->method = (PyMethodDef){name, (PyCFunction)(void (*)(void))batch_call, METH_FASTCALL | METH_KEYWORDS, text};
    PyObject *function = PyCFunction_NewEx(&b->method, module, where);
    Py_DecRef(module);
    Py_DecRef(where);
    return function;
}
