#include "ta_module.h"

PyObject *b3_ta_named(PyObject *type, PyObject *values) {
    PyObject *args = PyTuple_New(1);
    if (args == NULL) {
        Py_DecRef(values);
        return NULL;
    }
    PyTuple_SetItem(args, 0, values);
    const newfunc make = (newfunc)PyType_GetSlot(&PyTuple_Type, Py_tp_new);
    PyObject *result = make((PyTypeObject *)type, args, NULL);
    Py_DecRef(args);
    return result;
}

static int add_type(PyObject *module, const char *name, PyObject *type) {
    if (type == NULL) return -1;
    const int status = PyModule_AddObjectRef(module, name, type);
    Py_DecRef(type);
    return status;
}

PyMODINIT_FUNC PyInit__ta(void) {
    static PyMethodDef methods[] = {{"function", b3_ta_function, METH_VARARGS, "Makes a function of bot3.ta."}, {NULL, NULL, 0, NULL}};
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "bot3.ffi._ta", .m_size = 0, .m_methods = methods};
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    if (add_type(module, "StreamUpdates", b3_ta_stream_updates()) == 0 && add_type(module, "GraphUpdates", b3_ta_graph_updates()) == 0)
        return module;
    Py_DecRef(module);
    return NULL;
}
