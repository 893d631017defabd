/* What a group tells about itself: its numbers, one by one and as Prometheus' text, and its log. */
#define _POSIX_C_SOURCE 200809L
#include "cluster.h"

enum { ADA = 1, BARBARA = 2, CLARA = 4, LINES_MAX = 2000 };

/* The number of a name and of labels; -1 when there is none. */
static int64_t number(const peer *p, const char *name, const char *labels) {
    conclave_metric metric = CONCLAVE_METRIC_INIT;
    for (size_t index = 0; conclave_group_metric(p->group, index, &metric) == CONCLAVE_OK; index++)
        if (strcmp(metric.name, name) == 0 && strcmp(metric.labels, labels) == 0) return (int64_t)metric.value;
    return -1;
}

static void test_numbers(cluster *c) {
    peer *ada = &c->peers[0], *barbara = &c->peers[1];
    CHECK(number(ada, "conclave_secure_views_total", "") == (int64_t)ada->views);
    CHECK(number(ada, "conclave_vs_views_total", "") >= (int64_t)ada->views);
    CHECK(number(ada, "conclave_members", "") == 3);
    CHECK(number(ada, "conclave_view_counter", "") == (int64_t)ada->view.counter);
    CHECK(number(ada, "conclave_waiting_for_members", "") == 0);
    CHECK(number(ada, "conclave_rejoins_total", "") == 0);
    conclave_counters counters = CONCLAVE_COUNTERS_INIT;
    CHECK_OK(conclave_group_counters(ada->group, &counters));
    CHECK(number(ada, "conclave_exponentiations_total", "") == (int64_t)counters.exponentiations);

    int64_t before = number(barbara, "conclave_messages_total", "direction=\"received\"");
    int64_t bytes = number(barbara, "conclave_message_bytes_total", "direction=\"received\"");
    for (int index = 0; index < 7; index++) CHECK_OK(send_text(ada, CONCLAVE_SERVICE_AGREED, "four"));
    size_t records = barbara->record_count;
    UNTIL(c, barbara->record_count == records + 7);
    CHECK(number(ada, "conclave_messages_total", "direction=\"sent\"") == 7);
    CHECK(number(ada, "conclave_message_bytes_total", "direction=\"sent\"") == 28);
    CHECK(number(barbara, "conclave_messages_total", "direction=\"received\"") == before + 7);
    CHECK(number(barbara, "conclave_message_bytes_total", "direction=\"received\"") == bytes + 28);
    CHECK(number(ada, "conclave_records_total", "operation=\"sealed\"") == 7);
    CHECK(number(ada, "conclave_transport_messages_total", "direction=\"sent\"") > 7);
    CHECK(number(ada, "conclave_transport_bytes_total", "direction=\"received\"") > 28);
    /* Ada was the first: she gave the partial token on when barbara came, and got her factor-outs from the others. */
    CHECK(number(ada, "conclave_tokens_total", "kind=\"partial_token\",direction=\"sent\"") >= 1);
    CHECK(number(barbara, "conclave_tokens_total", "kind=\"key_list\",direction=\"received\"") >= 1);
}

static void test_refusals(cluster *c) {
    peer *ada = &c->peers[0], *dorothy = &c->peers[3];
    CHECK(number(ada, "conclave_refusals_total", "cause=\"WRONG_ALGORITHM\"") == -1);
    conclave_group_options other = c->options;
    other.algorithm = CONCLAVE_ALGORITHM_BASIC;
    join_with(c, dorothy, &other);
    UNTIL(c, ada->errors > 0 && dorothy->errors > 0);
    CHECK(number(ada, "conclave_refusals_total", "cause=\"WRONG_ALGORITHM\"") == 1);
    conclave_group_free(dorothy->group);
    dorothy->group = NULL;
}

/* The text says the same as the numbers. */
static void test_text(cluster *c) {
    peer *ada = &c->peers[0];
    const char *text = NULL;
    size_t size = 0;
    CHECK_OK(conclave_group_metrics_text(ada->group, &text, &size));
    REQUIRE(text != NULL);
    CHECK(strlen(text) == size && size > 0 && text[size - 1] == '\n');
    CHECK(strstr(text, "# TYPE conclave_secure_views_total counter\n") != NULL);
    CHECK(strstr(text, "conclave_members{group=\"group\",member=\"ada\"} 3\n") != NULL);
    CHECK(strstr(text, "conclave_messages_total{group=\"group\",member=\"ada\",direction=\"sent\"} 7\n") != NULL);
    CHECK(strstr(text, "conclave_refusals_total{group=\"group\",member=\"ada\",cause=\"WRONG_ALGORITHM\"} 1\n") !=
          NULL);
    const char *seconds = strstr(text, "\nconclave_agreement_seconds_total{");
    if (CHECK(seconds != NULL)) CHECK(strchr(seconds, '.') != NULL);
    /* Every name is described once. */
    const char *first = strstr(text, "# TYPE conclave_tokens_total ");
    if (CHECK(first != NULL)) CHECK(strstr(first + 1, "# TYPE conclave_tokens_total ") == NULL);
    CHECK_OK(conclave_group_metrics_text(ada->group, &text, NULL));
}

typedef struct log_book {
    char lines[LINES_MAX][160];
    uint32_t levels[LINES_MAX];
    size_t count;
} log_book;

static void write_line(void *user_data, uint32_t level, const char *line) {
    log_book *book = (log_book *)user_data;
    if (book->count == LINES_MAX) return;
    snprintf(book->lines[book->count], sizeof book->lines[0], "%s", line);
    book->levels[book->count++] = level;
}

static size_t lines_with(const log_book *book, const char *words) {
    size_t found = 0;
    for (size_t index = 0; index < book->count; index++) found += strstr(book->lines[index], words) != NULL;
    return found;
}

static void test_log(cluster *c) {
    peer *ada = &c->peers[0];
    log_book *book = (log_book *)calloc(1, sizeof *book);
    REQUIRE(book != NULL);
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_group_set_log(ada->group, 4, write_line, book));
    CHECK_OK(conclave_group_set_log(ada->group, CONCLAVE_LOG_INFO, write_line, book));
    join(c, 3);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA | 8));
    CHECK(lines_with(book, "the view is about to change") == 1);
    CHECK(lines_with(book, "secure view ") == 1);
    CHECK(lines_with(book, "sent partial_token") == 0);
    for (size_t index = 0; index < book->count; index++) CHECK(book->levels[index] <= CONCLAVE_LOG_INFO);

    book->count = 0;
    CHECK_OK(conclave_group_set_log(ada->group, CONCLAVE_LOG_DEBUG, write_line, book));
    CHECK_OK(conclave_group_refresh(c->peers[1].group));
    size_t views = ada->views;
    UNTIL(c, ada->views > views && are_together(c, ADA | BARBARA | CLARA | 8));
    CHECK(lines_with(book, "received key_list") == 1);
    CHECK(lines_with(book, "flush acknowledged") == 1);
    CHECK_OK(send_text(ada, CONCLAVE_SERVICE_AGREED, "a payload nobody may log"));
    linger(c, 100);
    CHECK(lines_with(book, "nobody may log") == 0);

    size_t count = book->count;
    CHECK_OK(conclave_group_set_log(ada->group, CONCLAVE_LOG_NONE, NULL, NULL));
    views = ada->views;
    CHECK_OK(conclave_group_refresh(c->peers[1].group));
    UNTIL(c, ada->views > views && are_together(c, ADA | BARBARA | CLARA | 8));
    CHECK(book->count == count);
    free(book);
}

static void test_arguments(cluster *c) {
    conclave_group *group = c->peers[0].group;
    conclave_metric metric = CONCLAVE_METRIC_INIT;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_metric(group, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_metric(NULL, 0, &metric));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_metric(group, 100000, &metric));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_metric(group, SIZE_MAX, &metric));
    metric.size--;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_metric(group, 0, &metric));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_metrics_text(group, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_set_log(NULL, CONCLAVE_LOG_INFO, write_line, NULL));
}

int main(void) {
    cluster *c = make_group(3, 4);
    test_numbers(c);
    test_refusals(c);
    test_text(c);
    test_log(c);
    test_arguments(c);
    free_cluster(c);
    return check_finish();
}
