import Testing

/// Properties 3 to 6 of §3.1: a trace that keeps each, and traces that break it.
@Suite struct DeliveryPropertyTests {
    @Test func sendingViewDelivery() {
        expectProperties(
            ["3 Sending View Delivery"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: signal
            amy: view 2 {amy} with {amy}
            amy: delivers 1
            """)
    }

    @Test func anotherMemberInAnotherView() {
        expectProperties(
            ["3 Sending View Delivery"],
            """
            amy bob: view 1 {amy bob}
            bob: signal
            bob: view 2 {bob} with {bob}
            amy: sends 1 fifo
            amy bob: delivers 1
            """)
    }

    @Test func nothingIsDeliveredBeforeTheFirstView() {
        expectProperties(
            ["3 Sending View Delivery"],
            """
            amy: sends 1 fifo
            amy: delivers 1
            amy: view 1 {amy}
            """)
    }

    @Test func deliveryIntegrity() {
        expectProperties(
            ["4 Delivery Integrity"],
            """
            amy bob: view 1 {amy bob}
            amy: delivers 1 fifo that bob sent
            """)
    }

    @Test func noDeliveryBeforeTheSending() {
        expectProperties(
            ["4 Delivery Integrity"],
            """
            amy bob: view 1 {amy bob}
            amy: delivers 1 fifo that bob sent
            bob: sends 1 fifo
            bob: delivers 1
            """)
    }

    @Test func noOtherServiceThanWasAskedFor() {
        expectProperties(
            ["4 Delivery Integrity"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 agreed
            amy: delivers 1
            bob: delivers 1 fifo
            """)
    }

    @Test func noPrivateMessageForSomebodyElse() {
        expectProperties(
            ["4 Delivery Integrity"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 agreed to bob
            bob cat: delivers 1
            """)
    }

    @Test func theSendingOfWhoWasKilledMayBeMissing() {
        expectProperties(
            [],
            """
            bob: unwritten
            amy bob: view 1 {amy bob}
            amy: delivers 1 fifo that bob sent
            """)
    }

    @Test func aMessageIsSentOnce() {
        expectProperties(
            ["5 No Duplication"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: sends 1 fifo
            amy: delivers 1
            """)
    }

    @Test func aMessageIsDeliveredOnce() {
        expectProperties(
            ["5 No Duplication"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: delivers 1
            amy: delivers 1
            """)
    }

    @Test func selfDelivery() {
        expectProperties(
            ["6 Self Delivery"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            """)
    }

    @Test(arguments: ["crashes", "leaves", "rejoins", "hangs"])
    func whoIsGoneOwesNothing(how: String) {
        expectProperties(
            [],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: \(how)
            """)
    }

    @Test func whatEndsEarlyProvesNothing() {
        expectProperties(
            [], isComplete: false,
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            """)
    }

    @Test func aHungProcessThatCameBackIsNoCrash() {
        expectProperties(
            ["6 Self Delivery"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: hangs
            amy: wakes
            """)
    }

    @Test func whatWasLeftUndoneInAViewThatIsOverIsOwedByTheCrashedToo() {
        expectProperties(
            ["6 Self Delivery"],
            """
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: signal
            amy: view 2 {amy} with {amy}
            amy: crashes
            """)
    }

    @Test func aPrivateMessageIsNotForItsSender() {
        expectProperties(
            [],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 fifo to bob
            bob: delivers 1
            """)
    }
}
