#ifndef CONCLAVE_H
#define CONCLAVE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define CONCLAVE_API __attribute__((visibility("default")))
typedef int32_t conclave_status;
#ifdef __cplusplus
extern "C" {
#endif
CONCLAVE_API const char *conclave_version(void);
CONCLAVE_API const char *conclave_status_text(conclave_status status);
#ifdef __cplusplus
}
#endif
#endif
