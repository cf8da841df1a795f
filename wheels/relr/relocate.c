/* Relocates libpywasm in the place of the dynamic loader: wheels/relr.py says why. The loader calls
 * this before all else in the library (DT_INIT, which itself needs no relocation). It uses nothing
 * that is not relocated yet: only its own addresses, and functions of libc, which the loader bound. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

/* https://maskray.me/blog/2021-10-31-relative-relocations-and-relr: an even entry is the address of
 * a word, an odd one a map of which of the 63 words behind the last ones are meant. */
static void apply(uintptr_t base, const uint64_t *entry, const uint64_t *end) {
    uint64_t *next = NULL;
    for (; entry < end; entry++) {
        if ((*entry & 1) == 0) {
            next = (uint64_t *)(base + *entry);
            *next++ += base;
            continue;
        }
        uint64_t *word = next;
        for (uint64_t map = *entry >> 1; map != 0; map >>= 1, word++) {
            if (map & 1) {
                *word += base;
            }
        }
        next += 63;
    }
}

/* Lets what the loader has made read-only already be written, or not. */
static void protect(uintptr_t base, int protection) {
    const Elf64_Phdr *header = (const Elf64_Phdr *)(base + __ehdr_start.e_phoff);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        if (header[i].p_type == PT_GNU_RELRO) {
            uintptr_t start = (base + header[i].p_vaddr) & -page;
            uintptr_t end = (base + header[i].p_vaddr + header[i].p_memsz) & -page;
            if (mprotect((void *)start, end - start, protection) != 0) {
                __builtin_trap();
            }
        }
    }
}

__attribute__((visibility("hidden"))) void pywasm_relocate(void) {
    uintptr_t base = (uintptr_t)&__ehdr_start;
    uintptr_t table = 0, size = 0;
    for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == PYWASM_RELR) {
            table = base + entry->d_un.d_ptr;
        } else if (entry->d_tag == PYWASM_RELRSZ) {
            size = entry->d_un.d_val;
        }
    }
    protect(base, PROT_READ | PROT_WRITE);
    apply(base, (const uint64_t *)table, (const uint64_t *)(table + size));
    protect(base, PROT_READ);
}
