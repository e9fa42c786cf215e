/* What bot3.ta's streams and graphs do once a bar or tick: the base types of both, from the call to the update and back without cffi and
 * without a frame of Python. State and outputs lie in arrays of the Python side, which the object keeps. What is no number goes to the
 * method _refuse(position, value), which raises; position -1: there are `value` numbers, which is not how many are taken.
 */
#include "ta_module.h"

/* Inputs of a graph that need no allocation. */
#define INPUTS_MOST 16

static void refuse(PyObject *self, Py_ssize_t position, PyObject *value) {
    PyErr_Clear();
    PyObject *result = PyObject_CallMethod(self, "_refuse", "nO", position, value);
    Py_DecRef(result);
    if (result != NULL) PyErr_SetString(PyExc_RuntimeError, "_refuse must raise");
}

/* 0: they are not as many numbers as wanted, and an exception is set. */
static int take(PyObject *self, PyObject *const *args, Py_ssize_t count, Py_ssize_t wanted, double *values) {
    if (count != wanted) {
        PyObject *number = PyLong_FromSsize_t(count);
        if (number != NULL) refuse(self, -1, number);
        Py_DecRef(number);
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        values[i] = PyFloat_AsDouble(args[i]);
        if (values[i] != -1.0 || !PyErr_Occurred()) continue;
        refuse(self, i, args[i]);
        return 0;
    }
    return 1;
}

static void release(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    const freefunc give_back = (freefunc)PyType_GetSlot(type, Py_tp_free);
    give_back(self);
    Py_DecRef((PyObject *)type);
}

/* A view of writable doubles. */
static int view_of(PyObject *array, Py_buffer *view) {
    return PyObject_GetBuffer(array, view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS);
}

/* ---------------------------------------------------------------- streams */

typedef struct stream_updates {
    PyObject_HEAD;
    const b3_indicator *indicator; /* NULL: not bound */
    Py_buffer state;
    Py_buffer out;
    PyObject *result; /* a named tuple's class; NULL: one output */
} stream_updates;

static void stream_unbind(stream_updates *s) {
    if (s->indicator == NULL) return;
    s->indicator = NULL;
    PyBuffer_Release(&s->state);
    PyBuffer_Release(&s->out);
    Py_DecRef(s->result);
}

static PyObject *stream_bind(PyObject *self, PyObject *args) {
    stream_updates *s = (stream_updates *)self;
    unsigned long long row = 0;
    PyObject *state = NULL;
    PyObject *out = NULL;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "KOOO:_bind", &row, &state, &out, &result)) return NULL;
    stream_unbind(s);
    if (view_of(state, &s->state) < 0) return NULL;
    if (view_of(out, &s->out) < 0) {
        PyBuffer_Release(&s->state);
        return NULL;
    }
    s->indicator = (const b3_indicator *)(uintptr_t)row;
    s->result = result == Py_None ? NULL : result;
    Py_IncRef(s->result);
    Py_RETURN_NONE;
}

static PyObject *stream_packed(const stream_updates *s, const double *out) {
    if (s->result == NULL) return PyFloat_FromDouble(out[0]);
    PyObject *values = PyTuple_New(s->indicator->output_count);
    if (values == NULL) return NULL;
    for (uint32_t i = 0; i < s->indicator->output_count; ++i) PyTuple_SetItem(values, i, PyFloat_FromDouble(out[i]));
    return b3_ta_named(s->result, values);
}

/* -1, which no call can have: not bound. */
static Py_ssize_t stream_inputs(const stream_updates *s) {
    return s->indicator == NULL ? -1 : (Py_ssize_t)s->indicator->input_count;
}

static PyObject *stream_update(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const stream_updates *s = (const stream_updates *)self;
    double in[B3_INDICATOR_INPUTS];
    if (!take(self, args, count, stream_inputs(s), in)) return NULL;
    s->indicator->update(s->state.buf, in, s->out.buf);
    return stream_packed(s, s->out.buf);
}

static PyObject *stream_peek(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const stream_updates *s = (const stream_updates *)self;
    double in[B3_INDICATOR_INPUTS];
    double out[B3_INDICATOR_OUTPUTS];
    if (!take(self, args, count, stream_inputs(s), in)) return NULL;
    uint64_t small[B3_TA_STREAM_SIZE / sizeof(uint64_t)];
    const size_t size = (size_t)s->state.len;
    void *state = size <= sizeof small ? small : PyMem_Malloc(size);
    if (state == NULL) return PyErr_NoMemory();
    memcpy(state, s->state.buf, size);
    s->indicator->update(state, in, out);
    if (state != small) PyMem_Free(state);
    return stream_packed(s, out);
}

static void stream_release(PyObject *self) {
    stream_unbind((stream_updates *)self);
    release(self);
}

PyObject *b3_ta_stream_updates(void) {
    static PyMethodDef methods[] = {
        {"_bind", stream_bind, METH_VARARGS, "_bind(row, state, out, result): address, two arrays, a named tuple's class or None."},
        {"update", (PyCFunction)(void (*)(void))stream_update, METH_FASTCALL,
         "Takes one value of each input, gives the output or a named tuple of outputs: NaN until warm.\n\nRaises IndicatorError."},
        {"peek", (PyCFunction)(void (*)(void))stream_peek, METH_FASTCALL,
         "What update would give, without the stream noticing (a bar still forming). Costs a copy of the state.\n\n"
         "Raises IndicatorError."},
        {NULL, NULL, 0, NULL},
    };
    static PyType_Slot slots[] = {{Py_tp_methods, methods}, {Py_tp_dealloc, stream_release}, {0, NULL}};
    static PyType_Spec spec = {"bot3.ffi._ta.StreamUpdates", sizeof(stream_updates), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    return PyType_FromSpec(&spec);
}

/* ---------------------------------------------------------------- graphs */

typedef struct graph_updates {
    PyObject_HEAD;
    PyObject *outputs; /* a tuple of names; NULL: not bound */
    const b3_graph_node *nodes;
    uint32_t node_count;
    Py_ssize_t input_count;
    Py_buffer slots;
} graph_updates;

static void graph_unbind(graph_updates *g) {
    if (g->outputs == NULL) return;
    PyBuffer_Release(&g->slots);
    Py_DecRef(g->outputs);
    g->outputs = NULL;
}

static PyObject *graph_bind(PyObject *self, PyObject *args) {
    graph_updates *g = (graph_updates *)self;
    unsigned long long nodes = 0;
    unsigned int node_count = 0;
    PyObject *slots = NULL;
    PyObject *outputs = NULL;
    if (!PyArg_ParseTuple(args, "KIOO!:_bind", &nodes, &node_count, &slots, &PyTuple_Type, &outputs)) return NULL;
    graph_unbind(g);
    if (view_of(slots, &g->slots) < 0) return NULL;
    Py_IncRef(outputs);
    g->outputs = outputs;
    g->nodes = (const b3_graph_node *)(uintptr_t)nodes;
    g->node_count = node_count;
    g->input_count = g->slots.len / (Py_ssize_t)sizeof(double) - PyTuple_Size(outputs);
    Py_RETURN_NONE;
}

static PyObject *graph_update(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const graph_updates *g = (const graph_updates *)self;
    double few[INPUTS_MOST];
    double *in = count <= INPUTS_MOST ? few : PyMem_Malloc((size_t)count * sizeof(double));
    if (in == NULL) return PyErr_NoMemory();
    const int took = take(self, args, count, g->outputs == NULL ? -1 : g->input_count, in);
    double *slots = g->slots.buf;
    if (took) memcpy(slots, in, (size_t)count * sizeof(double));
    if (in != few) PyMem_Free(in);
    if (!took) return NULL;
    b3_graph_update(g->nodes, g->node_count, slots);
    PyObject *result = PyDict_New();
    const Py_ssize_t output_count = PyTuple_Size(g->outputs);
    for (Py_ssize_t i = 0; i < output_count && result != NULL; ++i) {
        PyObject *value = PyFloat_FromDouble(slots[count + i]);
        if (value == NULL || PyDict_SetItem(result, PyTuple_GetItem(g->outputs, i), value) < 0) {
            Py_DecRef(result);
            result = NULL;
        }
        Py_DecRef(value);
    }
    return result;
}

static void graph_release(PyObject *self) {
    graph_unbind((graph_updates *)self);
    release(self);
}

PyObject *b3_ta_graph_updates(void) {
    static PyMethodDef methods[] = {
        {"_bind", graph_bind, METH_VARARGS, "_bind(nodes, node_count, slots, outputs): address, number, array, names."},
        {"update", (PyCFunction)(void (*)(void))graph_update, METH_FASTCALL,
         "Takes one value of each input, gives all outputs by name. Raises IndicatorError."},
        {NULL, NULL, 0, NULL},
    };
    static PyType_Slot slots[] = {{Py_tp_methods, methods}, {Py_tp_dealloc, graph_release}, {0, NULL}};
    static PyType_Spec spec = {"bot3.ffi._ta.GraphUpdates", sizeof(graph_updates), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    return PyType_FromSpec(&spec);
}
