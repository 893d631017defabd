/* The whole test framework of the C tests: checks that count, and a last line that says how many passed. */
#ifndef CONCLAVE_CHECK_H
#define CONCLAVE_CHECK_H

#include <conclave.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_passed;
static int check_failed;

/* Counts one check; prints only what fails. Returns whether it held. */
static inline bool check_that(bool holds, const char *file, int line, const char *format, ...) {
    if (holds) {
        check_passed++;
        return true;
    }
    check_failed++;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: failed: ", file, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return false;
}

static inline bool check_status(conclave_status expected, conclave_status found, const char *file, int line,
                                const char *call) {
    return check_that(expected == found, file, line, "%s gave %s (%d) where %s (%d) was expected", call,
                      conclave_status_name(found), (int)found, conclave_status_name(expected), (int)expected);
}

static inline bool check_text(const char *expected, const char *found, const char *file, int line, const char *call) {
    return check_that(found != NULL && strcmp(expected, found) == 0, file, line,
                      "%s gave \"%s\" where \"%s\" was expected", call, found == NULL ? "(null)" : found, expected);
}

/* Holds when the condition does. */
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, "%s", #condition)
/* Holds when the call gives this status. */
#define CHECK_STATUS(expected, call) check_status((expected), (call), __FILE__, __LINE__, #call)
/* Holds when the call succeeds. */
#define CHECK_OK(call) check_status(CONCLAVE_OK, (call), __FILE__, __LINE__, #call)
/* Holds when the call gives this text. */
#define CHECK_TEXT(expected, call) check_text((expected), (call), __FILE__, __LINE__, #call)
/* Ends the program when a step fails that all that follows needs. */
#define REQUIRE(condition) (CHECK(condition) ? (void)0 : exit(check_finish()))
#define REQUIRE_OK(call) (CHECK_OK(call) ? (void)0 : exit(check_finish()))

/* The last line, and the program's exit status. */
static inline int check_finish(void) {
    printf("%d passed, %d failed\n", check_passed, check_failed);
    return check_failed == 0 && check_passed > 0 ? 0 : 1;
}

#endif
