/* A hub inside a program of one's own: serves the groups of this machine until SIGINT or SIGTERM. */
#define _POSIX_C_SOURCE 200809L
#include <conclave.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

static conclave_hub *hub;

static void stop(int signal_number) {
    (void)signal_number;
    conclave_hub_wake(hub);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: hub PATH\n");
        return 2;
    }
    conclave_hub_options options = CONCLAVE_HUB_OPTIONS_INIT;
    options.client_limit = 100;
    conclave_error *error = NULL;
    if (conclave_hub_new(arguments[1], &options, &hub, &error) != CONCLAVE_OK) {
        fprintf(stderr, "hub: %s\n", conclave_error_message(error));
        conclave_error_free(error);
        return 1;
    }
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    printf("listening at %s\n", arguments[1]);
    fflush(stdout);

    conclave_status status = conclave_hub_run(hub);
    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    if (conclave_hub_counters_read(hub, &counters) == CONCLAVE_OK)
        printf("ordered %" PRIu64 " messages of %" PRIu64 " bytes\n", counters.messages, counters.message_bytes);

    /* From here on a signal ends the process: the hub must not be woken while it is taken down. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    conclave_hub_free(hub);
    return status == CONCLAVE_E_INTERRUPTED ? 0 : 1;
}
