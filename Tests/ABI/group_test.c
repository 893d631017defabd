/* Three members in one process, driven by poll through a hub: they join, agree, send with every service and privately,
 * export, refresh, leave and come back, and flush by hand. */
#define _POSIX_C_SOURCE 200809L
#include "cluster.h"

enum { ADA = 1, BARBARA = 2, CLARA = 4 };

static conclave_member member_of(const peer *p, size_t index) {
    conclave_member member = CONCLAVE_MEMBER_INIT;
    CHECK_OK(conclave_group_member(p->group, index, &member));
    return member;
}

static void test_before_the_first_view(cluster *c) {
    join(c, 0);
    conclave_group *group = c->peers[0].group;
    conclave_view view = CONCLAVE_VIEW_INIT;
    conclave_member member = CONCLAVE_MEMBER_INIT;
    uint8_t output[32];
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, send_text(&c->peers[0], CONCLAVE_SERVICE_FIFO, "too early"));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_group_view(group, &view));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_group_export(group, "label", NULL, 0, output, sizeof output));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_group_flush(group));
    CHECK(conclave_group_message(group)[0] != 0);
    CHECK(conclave_group_member(group, 0, &member) != CONCLAVE_OK);
    UNTIL(c, are_together(c, ADA));
    CHECK(c->peers[0].view.member_count == 1 && member_of(&c->peers[0], 0).is_self);
}

/* The peer that a member of somebody's view is. */
static const peer *peer_named(const cluster *c, const char *name) {
    for (size_t index = 0; index < 3; index++)
        if (name != NULL && strcmp(c->peers[index].name, name) == 0) return &c->peers[index];
    return NULL;
}

static void test_joining(cluster *c) {
    join(c, 1);
    UNTIL(c, are_together(c, ADA | BARBARA));
    join(c, 2);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    for (size_t index = 0; index < 3; index++) {
        peer *p = &c->peers[index];
        for (size_t other = 0; other < 3; other++) {
            conclave_member member = member_of(p, other);
            const peer *q = peer_named(c, member.name);
            if (!CHECK(q != NULL)) continue;
            CHECK(member.id != 0 && member.id == q->view.self);
            CHECK(member.id == member_of(&c->peers[0], other).id); /* the same order at all */
            CHECK(memcmp(member.public_key, q->public_key, sizeof member.public_key) == 0);
            CHECK(member.is_self == (p == q));
        }
        CHECK(p->view.left_count == 0 && p->errors == 0);
        conclave_member none = CONCLAVE_MEMBER_INIT;
        CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_member(p->group, 3, &none));
        CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_left_member(p->group, 0, &none));
        CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_waiting_for(p->group, 0, &none));
    }
    /* Two who stand together are older than who comes to them. */
    conclave_member youngest = member_of(&c->peers[0], 2);
    CHECK_TEXT("clara", youngest.name);
    CHECK(youngest.has_joined && !youngest.is_transitional);
    CHECK(!member_of(&c->peers[0], 1).has_joined && member_of(&c->peers[0], 1).is_transitional);
}

static void test_every_service(cluster *c) {
    enum { ROUNDS = 5 };
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t sender = 0; sender < 3; sender++) {
            for (uint32_t service = CONCLAVE_SERVICE_FIFO; service <= CONCLAVE_SERVICE_SAFE; service++) {
                char text[24];
                snprintf(text, sizeof text, "%zu/%u/%d", sender, (unsigned)service, round);
                CHECK_OK(send_text(&c->peers[sender], service, text));
            }
        }
        turn(c, 0);
    }
    UNTIL(c, c->peers[0].record_count == 12 * ROUNDS && c->peers[1].record_count == 12 * ROUNDS &&
                 c->peers[2].record_count == 12 * ROUNDS);
    for (size_t index = 0; index < 3; index++) {
        const peer *p = &c->peers[index];
        char expected[24];
        /* From each sender, in the order in which it sent. */
        for (size_t sender = 0; sender < 3; sender++) {
            size_t position = 0;
            for (size_t number = 0; number < p->record_count; number++) {
                const record *r = &p->records[number];
                if (r->sender != c->peers[sender].view.self) continue;
                snprintf(expected, sizeof expected, "%zu/%u/%zu", sender, (unsigned)r->service, position / 4);
                CHECK_TEXT(expected, r->text);
                CHECK(r->service == position % 4 + 1 && !r->is_private);
                position++;
            }
            CHECK(position == 4 * ROUNDS);
        }
        /* Agreed and safe messages in one order at all. */
        size_t mine = 0, theirs = 0;
        const peer *first = &c->peers[0];
        for (size_t number = 0; number < 6 * ROUNDS; number++, mine++, theirs++) {
            while (mine < p->record_count && p->records[mine].service < CONCLAVE_SERVICE_AGREED) mine++;
            while (theirs < first->record_count && first->records[theirs].service < CONCLAVE_SERVICE_AGREED) theirs++;
            CHECK(mine < p->record_count && theirs < first->record_count);
            CHECK(p->records[mine].digest == first->records[theirs].digest);
        }
    }
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, send_text(&c->peers[0], 0, "no service"));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, send_text(&c->peers[0], 5, "no service"));
}

static void test_empty_message(cluster *c) {
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    CHECK_OK(conclave_group_send(c->peers[0].group, CONCLAVE_SERVICE_AGREED, NULL, 0));
    UNTIL(c, c->peers[0].record_count == 1 && c->peers[1].record_count == 1 && c->peers[2].record_count == 1);
    CHECK(c->peers[2].records[0].size == 0);
}

static void test_private_message(cluster *c) {
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    CHECK_OK(conclave_group_send_to(c->peers[0].group, c->peers[2].view.self, (const uint8_t *)"for clara", 9));
    CHECK_OK(send_text(&c->peers[0], CONCLAVE_SERVICE_AGREED, "for all"));
    UNTIL(c, c->peers[0].record_count == 1 && c->peers[1].record_count == 1 && c->peers[2].record_count == 2);
    CHECK_TEXT("for clara", c->peers[2].records[0].text);
    CHECK(c->peers[2].records[0].is_private && !c->peers[2].records[1].is_private);
    CHECK(c->peers[2].records[0].sender == c->peers[0].view.self);
    CHECK_TEXT("for all", c->peers[1].records[0].text);
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_send_to(c->peers[0].group, 12345, (const uint8_t *)"x", 1));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_send_to(c->peers[0].group, 0, (const uint8_t *)"x", 1));
}

static void test_export(cluster *c) {
    uint8_t outputs[4][64];
    for (size_t index = 0; index < 3; index++)
        CHECK_OK(
            conclave_group_export(c->peers[index].group, "label", (const uint8_t *)"context", 7, outputs[index], 64));
    CHECK(memcmp(outputs[0], outputs[1], 64) == 0 && memcmp(outputs[0], outputs[2], 64) == 0);
    CHECK_OK(conclave_group_export(c->peers[0].group, "lab", (const uint8_t *)"elcontext", 9, outputs[3], 64));
    CHECK(memcmp(outputs[0], outputs[3], 64) != 0);
    static uint8_t longest[8161];
    CHECK_OK(conclave_group_export(c->peers[0].group, "label", NULL, 0, longest, 8160));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_group_export(c->peers[0].group, "label", NULL, 0, longest, 8161));
}

static void test_refresh(cluster *c) {
    conclave_view before = c->peers[0].view;
    CHECK_OK(conclave_group_refresh(c->peers[1].group));
    UNTIL(c, c->peers[0].view.counter > before.counter && are_together(c, ADA | BARBARA | CLARA));
    CHECK(memcmp(before.key_fingerprint, c->peers[0].view.key_fingerprint, sizeof before.key_fingerprint) != 0);
    CHECK(memcmp(before.id, c->peers[0].view.id, sizeof before.id) != 0);
    CHECK(c->peers[0].view.self == before.self && c->peers[0].view.left_count == 0);
    for (size_t index = 0; index < 3; index++) {
        CHECK(member_of(&c->peers[0], index).is_transitional && !member_of(&c->peers[0], index).has_joined);
        CHECK(c->peers[index].flush_requests > 0 && c->peers[index].errors == 0);
    }
}

static void test_leaving_and_coming_back(cluster *c) {
    conclave_view before = c->peers[0].view;
    uint64_t leaver = c->peers[1].view.self;
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    CHECK_OK(send_text(&c->peers[1], CONCLAVE_SERVICE_AGREED, "goodbye"));
    CHECK_OK(conclave_group_leave(c->peers[1].group));
    UNTIL(c, c->peers[1].has_left && are_together(c, ADA | CLARA));
    CHECK(c->peers[1].left_status == CONCLAVE_OK || c->peers[1].left_status == CONCLAVE_E_LEFT);
    CHECK(c->peers[0].record_count == 1 && c->peers[2].record_count == 1);
    CHECK(memcmp(before.key_fingerprint, c->peers[0].view.key_fingerprint, sizeof before.key_fingerprint) != 0);
    CHECK(c->peers[0].view.left_count == 1);
    conclave_member left = CONCLAVE_MEMBER_INIT;
    CHECK_OK(conclave_group_left_member(c->peers[0].group, 0, &left));
    CHECK_TEXT("barbara", left.name);
    CHECK(left.id == leaver);
    CHECK_STATUS(CONCLAVE_E_LEFT, send_text(&c->peers[1], CONCLAVE_SERVICE_FIFO, "gone"));
    join(c, 1);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    CHECK(c->peers[1].view.self != leaver);
    CHECK_TEXT("barbara", member_of(&c->peers[0], 2).name); /* the youngest now */
}

static void test_crash(cluster *c) {
    conclave_group_free(c->peers[2].group);
    c->peers[2].group = NULL;
    UNTIL(c, are_together(c, ADA | BARBARA));
    CHECK(c->peers[0].view.left_count == 1);
    join(c, 2);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
}

static void test_manual_flush(cluster *c) {
    conclave_group_options options = c->options;
    options.manual_flush = true;
    CHECK_OK(conclave_group_leave(c->peers[2].group));
    UNTIL(c, c->peers[2].has_left && are_together(c, ADA | BARBARA));
    peer *p = &c->peers[2];
    join_with(c, p, &options);
    /* Whether or not a newcomer is asked before its first view, it answers every request. */
    for (size_t answered = 0; !are_together(c, ADA | BARBARA | CLARA);) {
        turn(c, 50);
        if (p->flush_requests > answered && conclave_group_flush(p->group) == CONCLAVE_OK) answered = p->flush_requests;
    }
    size_t requests = p->flush_requests;
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_group_flush(p->group));
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    UNTIL(c, p->flush_requests > requests);
    linger(c, 100);
    conclave_member awaited = CONCLAVE_MEMBER_INIT;
    CHECK_OK(conclave_group_waiting_for(c->peers[0].group, 0, &awaited));
    CHECK_TEXT("clara", awaited.name);
    CHECK(awaited.id == p->view.self);
    CHECK_STATUS(CONCLAVE_E_FLUSH_PENDING, send_text(&c->peers[0], CONCLAVE_SERVICE_AGREED, "acknowledged already"));
    CHECK_OK(send_text(p, CONCLAVE_SERVICE_AGREED, "still in time"));
    uint64_t counter = p->view.counter;
    CHECK_OK(conclave_group_flush(p->group));
    CHECK_STATUS(CONCLAVE_E_FLUSH_PENDING, send_text(p, CONCLAVE_SERVICE_AGREED, "too late"));
    CHECK_STATUS(CONCLAVE_E_FLUSH_PENDING,
                 conclave_group_send_to(p->group, c->peers[0].view.self, (const uint8_t *)"x", 1));
    UNTIL(c, p->view.counter > counter && are_together(c, ADA | BARBARA | CLARA));
    for (size_t index = 0; index < 3; index++) {
        CHECK(c->peers[index].record_count == 1);
        CHECK_TEXT("still in time", c->peers[index].records[0].text);
    }
    CHECK_OK(send_text(p, CONCLAVE_SERVICE_AGREED, "in the new view"));
    UNTIL(c, c->peers[0].record_count == 2 && p->record_count == 2);
}

static void test_counters(cluster *c) {
    conclave_counters counters = CONCLAVE_COUNTERS_INIT;
    CHECK_OK(conclave_group_counters(c->peers[0].group, &counters));
    CHECK(counters.exponentiations > 0 && counters.signatures > 0 && counters.verifications > 0);
}

/* A conversation from beginning to end, under one of the robust algorithms: a program sees no difference. */
static void test_everything(uint32_t algorithm) {
    cluster *c = make_cluster(3);
    c->options.algorithm = algorithm;
    test_before_the_first_view(c);
    test_joining(c);
    test_every_service(c);
    test_empty_message(c);
    test_private_message(c);
    test_export(c);
    test_refresh(c);
    test_leaving_and_coming_back(c);
    test_crash(c);
    test_manual_flush(c);
    test_counters(c);
    free_cluster(c);
}

int main(void) {
    test_everything(CONCLAVE_ALGORITHM_OPTIMIZED);
    test_everything(CONCLAVE_ALGORITHM_BASIC);
    return check_finish();
}
