// What the Embedded Swift runtime asks of the C library, answered inside this library (hidden, for it alone).

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/// Every Swift object and array comes from here, nearly all with the alignment that malloc gives anyway; but glibc's
/// own posix_memalign passes by the cache of its malloc. What it returns is given back by free(), as before.
__attribute__((visibility("hidden"))) int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment > _Alignof(max_align_t)) {
        // aligned_alloc asks for whole multiples of the alignment.
        if (size > (size_t)-1 - (alignment - 1)) return ENOMEM;
        size = (size + alignment - 1) & ~(alignment - 1);
    }
    void *bytes = alignment > _Alignof(max_align_t) ? aligned_alloc(alignment, size) : malloc(size);
    if (bytes == NULL && size > 0) return ENOMEM;
    *result = bytes;
    return 0;
}
