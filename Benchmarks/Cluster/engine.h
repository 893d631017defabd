/* What the cluster's measuring program asks of a group communication engine: Conclave over Corosync, or bare CPG. The
 * program is the same for both, so that they are measured alike. */
#ifndef CONCLAVE_BENCHMARKS_CLUSTER_ENGINE_H
#define CONCLAVE_BENCHMARKS_CLUSTER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Connects and asks to join; the arguments are those of the program. Ends the process on failure. */
void engine_join(int count, char **arguments);
void engine_leave(void);
/* Asks for a new view with a new key; bare CPG has no such thing. */
void engine_refresh(void);
/* To poll, and how long at most. */
int engine_descriptor(void);
int engine_patience(void);
/* Takes what is there, and reports it through the functions below. */
void engine_process(void);
/* To all members in agreed order; false when not possible just now. */
bool engine_send(const uint8_t *data, size_t size);

/* Of main.c: a message came; a membership of so many is about to change, or has come; the membership is over. */
void on_message(const uint8_t *data, size_t size, bool is_own);
void on_change_begins(void);
void on_members(size_t count);
void on_end(void);

#define REQUIRE(condition, what)                                                                                       \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, what);                                  \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
