// What the Embedded Swift runtime asks of the C library, answered inside this library (hidden, for it alone).

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

void arc4random_buf(void *bytes, size_t size);

/// The seeds of Swift's dictionaries and sets come from here; keys do not. glibc has it from 2.36 on only, and
/// programs on older systems are to load this library too. It cannot report a failure, and a Linux that knows getrandom
/// (3.17) has none to report: as glibc's own, it ends the process rather than return bytes that are not random.
__attribute__((visibility("hidden"))) void arc4random_buf(void *bytes, size_t size) {
    unsigned char *rest = bytes;
    while (size > 0) {
        ssize_t count = getrandom(rest, size, 0);
        if (count < 0 && errno != EINTR) abort();
        if (count > 0) {
            rest += count;
            size -= (size_t)count;
        }
    }
}
