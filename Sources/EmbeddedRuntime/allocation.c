// What the Embedded Swift runtime asks of the C library, answered inside this library (hidden, for it alone).

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
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

/// A class instance whose initializer throws before all properties have a value: what it holds is released by then, its
/// memory is not. The standard library's own version (Swift 6.3) forgets that, so that whoever can make an initializer
/// fail could fill the memory, a stranger with a forged introduction among them. It is a weak symbol: this one takes
/// its place. No class of this library has a superclass, whose properties would have to be destroyed here.
__attribute__((visibility("hidden"))) void swift_deallocPartialClassInstance(void *object, const void *metadata,
                                                                             size_t size, size_t alignment_mask);
void swift_deallocPartialClassInstance(void *object, const void *metadata, size_t size, size_t alignment_mask) {
    (void)metadata;
    (void)size;
    (void)alignment_mask;
    // The second word counts references; its sign says that the object is not on the heap.
    if (((const intptr_t *)object)[1] >= 0) free(object);
}
