import Testing
import Traces

/// Properties 9 to 12 of §3.1: a trace that keeps each, and traces that break it.
@Suite struct OrderPropertyTests {
    // MARK: - 9 FIFO

    @Test func fifo() {
        expectProperties(
            ["9 FIFO Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 fifo
            amy: sends 2 fifo
            amy: delivers 1
            amy: delivers 2
            bob: delivers 2
            bob: delivers 1
            """)
    }

    @Test func fifoHasNoGaps() {
        expectProperties(
            ["9 FIFO Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 fifo
            amy: sends 2 fifo
            amy: delivers 1
            amy bob: delivers 2
            """)
    }

    @Test func fifoKeepsNoOrderBetweenSenders() {
        expectProperties(
            [],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 fifo
            amy: delivers 1
            bob: sends 2 fifo
            bob: delivers 2
            amy: delivers 2
            bob: delivers 1
            """)
    }

    @Test func privateMessagesStandInTheirSendersOrder() {
        expectProperties(
            ["9 FIFO Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 fifo to bob
            amy: sends 2 fifo
            amy bob cat: delivers 2
            bob: delivers 1
            """)
    }

    // MARK: - 10 causal

    /// Bob's answer comes to cat before what it answers. (For agreed messages that is against 11.2 as well.)
    @Test func causal() {
        expectProperties(
            ["10 Causal Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 causal
            amy bob: delivers 1
            bob: sends 2 causal
            amy bob cat: delivers 2
            cat: delivers 1
            """)
    }

    @Test func agreedIncludesCausal() {
        expectProperties(
            ["10 Causal Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 causal
            amy bob: delivers 1
            bob: sends 2 agreed
            amy bob cat: delivers 2
            cat: delivers 1
            """)
    }

    @Test func concurrentMessagesHaveNoCausalOrder() {
        expectProperties(
            [],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 causal
            bob: sends 2 causal
            amy: delivers 1
            amy: delivers 2
            bob cat: delivers 2
            bob cat: delivers 1
            """)
    }

    @Test func causalityPassesThroughPrivateMessagesAndThroughThird() {
        expectProperties(
            ["10 Causal Delivery"],
            """
            amy bob cat dan: view 1 {amy bob cat dan}
            amy: sends 1 causal
            amy bob: delivers 1
            bob: sends 2 causal to cat
            cat: delivers 1
            cat: delivers 2
            cat: sends 3 causal
            amy bob cat dan: delivers 3
            dan: delivers 1
            """)
    }

    @Test func causalityPassesThroughMessagesThatAreNotCausal() {
        expectProperties(
            ["10 Causal Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 causal
            amy: sends 2 fifo
            bob: delivers 1
            bob: delivers 2
            bob: sends 3 causal
            bob: delivers 3
            amy: delivers 1
            amy: delivers 2
            amy: delivers 3
            cat: delivers 3
            cat: delivers 1
            cat: delivers 2
            """)
    }

    @Test func fifoMessagesAreInNoCausalOrder() {
        expectProperties(
            [],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 fifo
            amy bob: delivers 1
            bob: sends 2 causal
            amy bob cat: delivers 2
            cat: delivers 1
            """)
    }

    // MARK: - 11 agreed

    @Test func agreedIsOneOrder() {
        expectProperties(
            ["11.2 Agreed Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 agreed
            bob: sends 2 agreed
            amy: delivers 1
            amy: delivers 2
            bob: delivers 2
            bob: delivers 1
            """)
    }

    @Test func agreedAndSafeShareTheOrder() {
        expectProperties(
            ["11.2 Agreed Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 agreed
            bob: sends 2 safe
            amy: delivers 1
            amy: delivers 2
            bob: delivers 2
            bob: delivers 1
            """)
    }

    /// Before the signal there are no gaps: cat got 2 and not 1, which amy delivered before it.
    @Test func noGapBeforeTheSignal() {
        expectProperties(
            ["11.3 Agreed Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 agreed
            bob: sends 2 agreed
            amy bob: delivers 1
            amy bob cat: delivers 2
            cat: crashes
            """)
    }

    /// After the signal there are none from those who go along: bob lacks 1 of cat, with whom it goes on.
    @Test func noGapFromCompanionsAfterTheSignal() {
        expectProperties(
            ["11.3 Agreed Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            cat: sends 1 agreed
            bob: sends 2 agreed
            amy: delivers 1
            amy: delivers 2
            amy: crashes
            cat: crashes
            bob: signal
            bob: delivers 2
            bob: view 2 {bob cat} with {bob cat}
            """)
    }

    /// The same, but cat stays behind.
    @Test func gapsFromOthersAfterTheSignal() {
        expectProperties(
            [],
            """
            amy bob cat: view 1 {amy bob cat}
            cat: sends 1 agreed
            bob: sends 2 agreed
            amy: delivers 1
            amy: delivers 2
            amy: crashes
            cat: crashes
            bob: signal
            bob: delivers 2
            bob: view 2 {bob} with {bob}
            """)
    }

    // MARK: - 12 safe

    /// Amy delivered before the signal, so everybody must; bob went on without.
    @Test func safeBeforeTheSignalIsForAll() {
        expectProperties(
            ["12.2 Safe Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 safe
            amy: delivers 1
            amy bob: signal
            amy: view 2a {amy} with {amy}
            bob: view 2b {bob} with {bob}
            """)
    }

    @Test func safeBeforeTheSignalIsForWhomTheViewListsAlthoughItNeverCame() {
        expectProperties(
            ["12.2 Safe Delivery"],
            """
            amy: view 1 {amy bob}
            amy: sends 1 safe
            amy: delivers 1
            bob: view 2 {bob}
            """)
    }

    @Test func safeBeforeTheSignalExceptForTheCrashed() {
        expectProperties(
            [],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 safe
            amy: delivers 1
            bob: crashes
            amy: signal
            amy: view 2a {amy} with {amy}
            """)
    }

    /// After the signal it is for those who go along, and after theirs: bob had it before.
    @Test func safeAfterTheSignalIsAfterTheCompanionsSignal() {
        expectProperties(
            ["12.2 Safe Delivery"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 safe
            cat: delivers 1
            bob: delivers 1
            cat: crashes
            amy bob: signal
            amy: delivers 1
            amy bob: view 2 {amy bob} with {amy bob}
            """)
    }

    @Test func safeAfterTheSignalIsForCompanions() {
        expectProperties(
            ["8 Virtual Synchrony", "12.2 Safe Delivery"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 safe
            amy bob: signal
            amy: delivers 1
            amy bob: view 2 {amy bob} with {amy bob}
            """)
    }

    @Test func safeAfterTheSignalIsNotForThoseWhoStayBehind() {
        expectProperties(
            [],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 safe
            amy bob: signal
            amy: delivers 1
            amy: view 2a {amy} with {amy}
            bob: view 2b {bob} with {bob}
            """)
    }

    /// Amy's VS view lists bob, who parts before it comes: she cannot know. In a secure view that cannot be.
    @Test func safeAfterTheSignalIsForThoseWhoInstallTheView() {
        let delivery = """
            amy bob: view 1 {amy bob}
            amy: sends 1 safe
            amy bob: signal
            amy: delivers 1
            amy: view 2 {amy bob} with {amy bob}

            """
        let apart = delivery + "bob: view 3 {bob} with {bob}"
        #expect(broken(Dialogue(apart, floor: .secure).trace).contains("12.2 Safe Delivery (§3.1)"))
        #expect(!broken(Dialogue(apart, floor: .flush).trace).contains("12.2 Safe Delivery (§3.1)"))
        let together = delivery + "bob: view 2 {amy bob} with {amy bob}"
        #expect(broken(Dialogue(together, floor: .flush).trace).contains("12.2 Safe Delivery (§3.1)"))
    }

    // MARK: - Without a common clock

    /// Each wrote down its own events, bob's first: what counts is that a message is sent before it is delivered.
    @Test func recordedApartFromEachOther() {
        let text = """
            bob: view 1 {amy bob}
            bob: delivers 1 agreed that amy sent
            bob: sends 2 agreed
            bob: delivers 2
            amy: view 1 {amy bob}
            amy: sends 1 agreed
            amy: delivers 1
            amy: delivers 2
            """
        #expect(broken(Dialogue(text, hasOneClock: false).trace).filter { $0.hasSuffix("(§3.1)") } == [])
        #expect(broken(Dialogue(text).trace).contains("4 Delivery Integrity (§3.1)"))
        let circle = """
            bob: view 1 {amy bob}
            bob: delivers 1 fifo that amy sent
            bob: sends 2 fifo
            bob: delivers 2
            amy: view 1 {amy bob}
            amy: delivers 2
            amy: sends 1 fifo
            amy: delivers 1
            """
        #expect(broken(Dialogue(circle, hasOneClock: false).trace).contains("4 Delivery Integrity (§3.1)"))
    }
}
