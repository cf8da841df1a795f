/* Enters wazero's machine code without Go.
 *
 * A function that has no loop and calls nothing leaves its machine code in two ways only: it returns,
 * or it traps. Both need no Go, so it is entered here, as wazero's own entry point does: with the
 * execution context, the module context, the slots and a stack in registers. The GIL is held all
 * along; so one context and one stack serve the whole process.
 *
 * The stack is not Go's: a signal that arrives meanwhile may put its frame there, on a thread that
 * has no alternate stack, so below the bound that wazero checks there is room for that. */
#include "native.h"

#include <string.h>

#if defined(__x86_64__) && !defined(_WIN32)
#define PYWASM_DIRECT 1
#elif defined(__aarch64__) && !defined(_WIN32)
#define PYWASM_DIRECT 1
#else
#define PYWASM_DIRECT 0
#endif

#if PYWASM_DIRECT

enum { CONTEXT_SIZE = 4096, STACK_SIZE = 1 << 18, SIGNAL_ROOM = 1 << 17 };

/* wazero's exit codes (wazevoapi.ExitCode, v1.12.0) that such a function can leave with. */
enum { EXIT_OK = 0, EXIT_GROW_STACK = 1 };
static const char *const traps[] = {
    [3] = "unreachable",
    [4] = "out of bounds memory access",
    [7] = "out of bounds table access",
    [10] = "integer divide by zero",
    [11] = "integer overflow",
    [12] = "invalid conversion to integer",
    [23] = "unaligned atomic",
};

static _Alignas(16) uint8_t context[CONTEXT_SIZE];
static _Alignas(16) uint8_t stack_memory[STACK_SIZE];
static unsigned context_epoch;
static int context_ready;

/* Registers as entrypoint of wazero's abi_entry_amd64.s and abi_entry_arm64.s sets them. The code
 * keeps none, so all that the C ABI wants kept is saved here. */
#if defined(__x86_64__)
__attribute__((noinline)) static void enter(void *preamble, void *executable, void *execution,
                                            void *module, uint64_t *slots, void *stack) {
    register void *r11 __asm__("r11") = preamble;
    register void *r14 __asm__("r14") = executable;
    register void *r12 __asm__("r12") = slots;
    register void *r13 __asm__("r13") = stack;
    __asm__ volatile("pushq %%rbp\n\t"
                     "pushq %%rbx\n\t"
                     "subq $128, %%rsp\n\t" /* past the red zone of the C function */
                     "movq %[module], %%rbx\n\t"
                     "callq *%%r11\n\t"
                     "addq $128, %%rsp\n\t"
                     "popq %%rbx\n\t"
                     "popq %%rbp\n\t"
                     : "+r"(r11), "+r"(r14), "+r"(r12), "+r"(r13), "+a"(execution)
                     : [module] "c"(module)
                     : "rdx", "rsi", "rdi", "r8", "r9", "r10", "r15", "memory", "cc", "xmm0",
                       "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                       "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
#else
__attribute__((noinline)) static void enter(void *preamble, void *executable, void *execution,
                                            void *module, uint64_t *slots, void *stack) {
    register void *x27 __asm__("x27") = preamble;
    register void *x24 __asm__("x24") = executable;
    register void *x0 __asm__("x0") = execution;
    register void *x1 __asm__("x1") = module;
    register void *x20 __asm__("x20") = slots;
    register void *x26 __asm__("x26") = stack;
    __asm__ volatile("stp x29, x30, [sp, #-32]!\n\t"
                     "stp x19, x28, [sp, #16]\n\t"
                     "mov x19, x20\n\t"
                     "blr x27\n\t"
                     "ldp x19, x28, [sp, #16]\n\t"
                     "ldp x29, x30, [sp], #32\n\t"
                     : "+r"(x27), "+r"(x24), "+r"(x0), "+r"(x1), "+r"(x20), "+r"(x26)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x21", "x22", "x23", "x25", "memory", "cc", "v0",
                       "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",
                       "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
                       "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}
#endif

static int prepare(const Function *f) {
    if (!context_ready || context_epoch != pywasm_epoch) {
        context_ready = pywasm_go.pywasm_direct_context(f->code.callee, context, CONTEXT_SIZE,
                                                        stack_memory + SIGNAL_ROOM);
        context_epoch = pywasm_epoch;
    }
    return context_ready;
}

int direct_call(Function *f, uint64_t *slots) {
    if (!prepare(f)) {
        f->code.preamble = NULL;
        return DIRECT_RETRY;
    }
    enter(f->code.preamble, f->code.executable, context, f->code.module_context, slots,
          stack_memory + STACK_SIZE);
    uint32_t exit_code;
    memcpy(&exit_code, context, sizeof exit_code);
    if (exit_code == EXIT_OK) {
        return 0;
    }
    memset(context, 0, sizeof exit_code);
    exit_code &= 0xff;
    if (exit_code == EXIT_GROW_STACK) {
        /* Its frame is larger than the stack here. That is found before anything is done. */
        f->code.preamble = NULL;
        return DIRECT_RETRY;
    }
    const char *text = exit_code < sizeof traps / sizeof *traps ? traps[exit_code] : NULL;
    PyObject *error = PyObject_CallMethod(helpers(), "raise_trap", "sOI",
                                          text ? text : "unknown trap", f->core->module, f->index);
    Py_XDECREF(error);
    return -1;
}

#else

int direct_call(Function *f, uint64_t *slots) {
    (void)slots;
    f->code.preamble = NULL;
    return DIRECT_RETRY;
}

#endif
