/* Global and Table: state that guests share with the host; and Tag, which only guests use. Each is an
 * index into its instance. */
#include "native.h"

#include <stddef.h>

PyTypeObject *Global_Type, *Table_Type, *Tag_Type;

/* ---- what both have in common ---- */

static PyObject *allocate(PyTypeObject *type, PyObject *core, uint32_t index, uint8_t value_type,
                          int mutable_, PyObject *public_type) {
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Global *g = (Global *)alloc(type, 0);
    if (g != NULL) {
        g->core = (Core *)Py_NewRef(core);
        g->index = index;
        g->type = value_type;
        g->mutable_ = (uint8_t)mutable_;
        g->public_type = Py_NewRef(public_type);
    }
    return (PyObject *)g;
}

/* _of(core, index, value type, mutable, public type) */
static PyObject *variable_of(PyObject *type, PyObject *args) {
    PyObject *core, *public_type;
    unsigned index;
    unsigned char value_type;
    int mutable_;
    if (!PyArg_ParseTuple(args, "O!IbpO", Core_Type, &core, &index, &value_type, &mutable_,
                          &public_type)) {
        return NULL;
    }
    return allocate((PyTypeObject *)type, core, index, value_type, mutable_, public_type);
}

static int variable_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT((PyObject *)Py_TYPE(self));
    Py_VISIT((PyObject *)((Global *)self)->core);
    Py_VISIT(((Global *)self)->public_type);
    return 0;
}

static void variable_dealloc(PyObject *self) {
    Global *g = (Global *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (g->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    Py_CLEAR(g->core);
    Py_CLEAR(g->public_type);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* A global or table of a certain type of functions takes no others. */
static int check_reference(Global *g, const char *role, uint64_t ref) {
    uint8_t kind = PyObject_TypeCheck((PyObject *)g, Table_Type) ? PYWASM_TABLE : PYWASM_GLOBAL;
    if (g->type == PYWASM_FUNCREF && !pywasm_go.pywasm_admits(g->core->go, kind, g->index, ref)) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "%s must be a reference of another type", role);
        }
        return -1;
    }
    return 0;
}

/* What is packed is held when it is where it belongs: core_end comes after that. */
static int begin(Global *g, const char *role, PyObject *value, uint64_t slots[2]) {
    Where where = {NULL, role, 0};
    if (core_check(g->core) < 0 || references_tidy(g->core->store) < 0) {
        return -1;
    }
    core_begin(g->core);
    if (value_pack(g->core->store, g->core, g->type, value, slots, &where) < 0 ||
        check_reference(g, role, slots[0]) < 0) {
        core_end(g->core);
        return -1;
    }
    return 0;
}

static PyObject *variable_get_type(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(((Global *)self)->public_type);
}

static PyMemberDef variable_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Global, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

/* ---- Global ---- */

static PyObject *Global_get_value(PyObject *self, void *unused) {
    (void)unused;
    Global *g = (Global *)self;
    uint64_t slots[2];
    if (core_check(g->core) < 0) {
        return NULL;
    }
    pywasm_go.pywasm_global_get(g->core->go, g->index, slots);
    return value_unpack(g->core->store, g->core, g->type, slots);
}

static int set_value(Global *g, PyObject *value) {
    uint64_t slots[2] = {0, 0};
    if (begin(g, "the value", value, slots) < 0) {
        return -1;
    }
    pywasm_go.pywasm_global_set(g->core->go, g->index, slots);
    core_end(g->core);
    return 0;
}

static int Global_set_value(PyObject *self, PyObject *value, void *unused) {
    (void)unused;
    Global *g = (Global *)self;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "the value of a global cannot be deleted");
        return -1;
    }
    if (!g->mutable_) {
        raise_error("runtime", "The global variable is not mutable, cannot set a new value");
        return -1;
    }
    return set_value(g, value);
}

static PyObject *Global_get_mutable(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(((Global *)self)->mutable_);
}

/* Global(store, value, mutable=False) */
static PyObject *Global_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"store", "value", "mutable", NULL};
    PyObject *store, *value, *core, *public_type, *initial;
    unsigned char value_type;
    int mutable_ = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|p:Global", names, &store, &value,
                                     &mutable_)) {
        return NULL;
    }
    PyObject *made = PyObject_CallMethod(helpers(), "make_global", "OOi", store, value, mutable_);
    PyObject *self = NULL;
    if (made != NULL &&
        PyArg_ParseTuple(made, "O!bOO", Core_Type, &core, &value_type, &public_type, &initial)) {
        self = allocate(type, core, 0, value_type, mutable_, public_type);
        if (self != NULL && set_value((Global *)self, initial) < 0) {
            Py_CLEAR(self);
        }
    }
    Py_XDECREF(made);
    return self;
}

static PyGetSetDef Global_getset[] = {
    {"value", Global_get_value, Global_set_value,
     "The value; setting one raises WasmError if the global is immutable.", NULL},
    {"mutable", Global_get_mutable, NULL, "Whether the value can be set.", NULL},
    {"type", variable_get_type, NULL, "The GlobalType.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef Global_methods[] = {
    {"_of", variable_of, METH_VARARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyObject *Global_repr(PyObject *self) {
    return PyObject_CallMethod(helpers(), "global_repr", "O", self);
}

PyDoc_STRVAR(Global_doc,
             "Global(store, value, mutable=False)\n--\n\n"
             "A global variable, exported by an instance or made to be imported by one.\n\n"
             "value is a Value, which says the type too.\n\n"
             ">>> g = Global(Store(), Value.i32(42), mutable=True)\n"
             ">>> g.value = 7\n"
             ">>> g.value\n"
             "7");

static PyType_Slot Global_slots[] = {
    {Py_tp_doc, (void *)Global_doc},
    {Py_tp_new, Global_new},
    {Py_tp_dealloc, variable_dealloc},
    {Py_tp_traverse, variable_traverse},
    {Py_tp_members, variable_members},
    {Py_tp_getset, Global_getset},
    {Py_tp_methods, Global_methods},
    {Py_tp_repr, Global_repr},
    {0, NULL},
};

static PyType_Spec Global_spec = {
    .name = "pywasm.Global",
    .basicsize = sizeof(Global),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Global_slots,
};

int global_register(PyObject *module) {
    Global_Type = register_type(module, "Global", &Global_spec);
    return Global_Type == NULL ? -1 : 0;
}

/* ---- Table ---- */

static uint32_t table_size(Global *t) {
    return pywasm_go.pywasm_table_size(t->core->go, t->index);
}

static PyObject *Table_get_size(PyObject *self, void *unused) {
    (void)unused;
    Global *t = (Global *)self;
    return core_check(t->core) < 0 ? NULL : PyLong_FromUnsignedLong(table_size(t));
}

/* Reads an index that must be below the table's size. */
static int element_index(Global *t, PyObject *object, uint32_t *index) {
    uint64_t number = PyLong_AsUnsignedLongLong(object);
    if (number == (uint64_t)-1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
    }
    if (number >= table_size(t)) {
        PyErr_Format(PyExc_IndexError, "index %S is out of range of a table of %u elements", object,
                     (unsigned)table_size(t));
        return -1;
    }
    *index = (uint32_t)number;
    return 0;
}

static PyObject *Table_get(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"index", NULL};
    Global *t = (Global *)self;
    PyObject *number;
    uint64_t reference = 0;
    uint32_t index;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:get", names, &number) ||
        core_check(t->core) < 0 || core_enter(t->core) < 0) {
        return NULL;
    }
    int status = element_index(t, number, &index);
    if (status == 0) {
        pywasm_go.pywasm_table_get(t->core->go, t->index, index, &reference);
    }
    core_leave(t->core);
    return status < 0 ? NULL : value_unpack(t->core->store, t->core, t->type, &reference);
}

static PyObject *Table_set(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"index", "value", NULL};
    Global *t = (Global *)self;
    PyObject *number, *value;
    uint64_t slots[2];
    uint32_t index;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:set", names, &number, &value) ||
        begin(t, "the element", value, slots) < 0) {
        return NULL;
    }
    int status = core_enter(t->core);
    if (status == 0) {
        status = element_index(t, number, &index);
        if (status == 0) {
            pywasm_go.pywasm_table_set(t->core->go, t->index, index, slots[0]);
        }
        core_leave(t->core);
    }
    core_end(t->core);
    return status < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *Table_grow(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"delta", "init", NULL};
    Global *t = (Global *)self;
    PyObject *number, *value = Py_None;
    uint64_t slots[2];
    uint32_t delta;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:grow", names, &number, &value) ||
        to_u32(number, &delta) < 0 || begin(t, "the element", value, slots) < 0) {
        return NULL;
    }
    int64_t before = -1;
    uint32_t size = 0;
    int status = core_enter(t->core);
    if (status == 0) {
        before = pywasm_go.pywasm_table_grow(t->core->go, t->index, delta, slots[0]);
        size = table_size(t);
        core_leave(t->core);
    }
    core_end(t->core);
    if (status < 0) {
        return NULL;
    }
    if (before < 0) {
        return raise_error("runtime",
                           "The table could not grow: current size %u elements, requested "
                           "increase: %u elements",
                           (unsigned)size, (unsigned)delta);
    }
    return PyLong_FromLongLong(before);
}

static Py_ssize_t Table_length(PyObject *self) {
    Global *t = (Global *)self;
    return core_check(t->core) < 0 ? -1 : (Py_ssize_t)table_size(t);
}

static int fill(Global *t, PyObject *value) {
    uint64_t slots[2];
    if (begin(t, "the element", value, slots) < 0) {
        return -1;
    }
    uint32_t size = slots[0] == 0 ? 0 : table_size(t);
    for (uint32_t i = 0; i < size; i++) {
        pywasm_go.pywasm_table_set(t->core->go, 0, i, slots[0]);
    }
    core_end(t->core);
    return 0;
}

/* Table(store, table_type, initial_value=None) */
static PyObject *Table_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"store", "table_type", "initial_value", NULL};
    PyObject *store, *table_type, *value = Py_None, *core, *initial;
    unsigned char value_type;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|O:Table", names, &store, &table_type,
                                     &value)) {
        return NULL;
    }
    PyObject *made = PyObject_CallMethod(helpers(), "make_table", "OOO", store, table_type, value);
    PyObject *self = NULL;
    if (made != NULL && PyArg_ParseTuple(made, "O!bO", Core_Type, &core, &value_type, &initial)) {
        self = allocate(type, core, 0, value_type, 1, table_type);
        if (self != NULL && fill((Global *)self, initial) < 0) {
            Py_CLEAR(self);
        }
    }
    Py_XDECREF(made);
    return self;
}

static PyObject *Table_repr(PyObject *self) {
    return PyObject_CallMethod(helpers(), "table_repr", "O", self);
}

static PyGetSetDef Table_getset[] = {
    {"size", Table_get_size, NULL, "The number of elements.", NULL},
    {"type", variable_get_type, NULL, "The TableType.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef Table_methods[] = {
    {"get", WITH_KEYWORDS(Table_get),
     "get($self, index)\n--\n\nReturns an element: a Function, any object, or None.\n"
     "Raises IndexError."},
    {"set", WITH_KEYWORDS(Table_set),
     "set($self, index, value)\n--\n\nSets an element. Raises IndexError or TypeError."},
    {"grow", WITH_KEYWORDS(Table_grow),
     "grow($self, delta, init=None)\n--\n\nAdds elements and returns the size before.\n"
     "Raises WasmError where the maximum does not allow it."},
    {"_of", variable_of, METH_VARARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(Table_doc,
             "Table(store, table_type, initial_value=None)\n--\n\n"
             "A table of references, exported by an instance or made to be imported by one.\n\n"
             ">>> t = Table(Store(), TableType(Type.EXTERN_REF, 2), None)\n"
             ">>> t.set(0, 'any object')\n"
             ">>> t.get(0)\n"
             "'any object'");

static PyType_Slot Table_slots[] = {
    {Py_tp_doc, (void *)Table_doc},    {Py_tp_new, Table_new},
    {Py_tp_dealloc, variable_dealloc}, {Py_tp_traverse, variable_traverse},
    {Py_tp_members, variable_members}, {Py_tp_getset, Table_getset},
    {Py_tp_methods, Table_methods},    {Py_tp_repr, Table_repr},
    {Py_mp_length, Table_length},      {0, NULL},
};

static PyType_Spec Table_spec = {
    .name = "pywasm.Table",
    .basicsize = sizeof(Global),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Table_slots,
};

int table_register(PyObject *module) {
    Table_Type = register_type(module, "Table", &Table_spec);
    return Table_Type == NULL ? -1 : 0;
}

/* ---- Tag ---- */

static PyGetSetDef Tag_getset[] = {
    {"type", variable_get_type, NULL, "The TagType.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef Tag_methods[] = {
    {"_of", variable_of, METH_VARARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot Tag_slots[] = {
    {Py_tp_doc, "An exception tag that an instance exports, for others to import."},
    {Py_tp_new, not_constructible},
    {Py_tp_dealloc, variable_dealloc},
    {Py_tp_traverse, variable_traverse},
    {Py_tp_members, variable_members},
    {Py_tp_getset, Tag_getset},
    {Py_tp_methods, Tag_methods},
    {0, NULL},
};

static PyType_Spec Tag_spec = {
    .name = "pywasm.Tag",
    .basicsize = sizeof(Global),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Tag_slots,
};

int tag_register(PyObject *module) {
    Tag_Type = register_type(module, "Tag", &Tag_spec);
    return Tag_Type == NULL ? -1 : 0;
}
