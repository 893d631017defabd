import Testing

/// Properties 1, 2, 7, 8 and 13 of §3.1: a trace that keeps each, and traces that break it.
@Suite struct MembershipPropertyTests {
    /// Two meet, a third comes, one goes: everything as it should be.
    static let good = """
        amy: view 1 {amy}
        amy: signal
        amy: view 2 {amy bob} with {amy}
        bob: view 2 {amy bob}
        amy: sends 1 fifo
        amy bob: delivers 1
        amy bob: signal
        amy bob: view 3 {amy bob cat} with {amy bob}
        cat: view 3 {amy bob cat}
        cat: sends 2 safe
        amy bob cat: delivers 2
        bob: crashes
        amy cat: signal
        amy cat: view 4 {amy cat} with {amy cat}
        """

    @Test func aGoodRunKeepsAll() { expectProperties([], Self.good) }

    @Test func selfInclusion() {
        expectProperties(
            ["1 Self Inclusion"],
            """
            amy: view 1 {bob} with {amy}
            """)
    }

    @Test func localMonotonicity() {
        expectProperties(
            ["2 Local Monotonicity"],
            """
            amy: view 2 {amy}
            amy: signal
            amy: view 1 {amy} with {amy}
            """)
    }

    @Test func aViewMayNotComeAgainNorOneOfTheSameCounter() {
        expectProperties(
            ["2 Local Monotonicity"],
            """
            amy: view 2a {amy}
            amy: signal
            amy: view 2b {amy} with {amy}
            """)
    }

    @Test func transitionalSetHasItsOwner() {
        expectProperties(
            ["7.1 Transitional Set"],
            """
            amy bob: view 1 {amy bob}
            amy bob: signal
            amy: view 2 {amy bob} with {bob}
            bob: view 2 {amy bob} with {bob}
            """)
    }

    @Test func transitionalSetNeedsOnePreviousView() {
        expectProperties(
            ["7.2 Transitional Set"],
            """
            amy: view 1a {amy}
            bob: view 1b {bob}
            amy bob: signal
            amy bob: view 2 {amy bob} with {amy bob}
            """)
    }

    @Test func newcomersHaveNoViewInCommon() {
        expectProperties(
            ["7.2 Transitional Set"],
            """
            amy bob: view 1 {amy bob} with {amy bob}
            """)
        expectProperties(
            ["7.2 Transitional Set"],
            """
            amy: view 1 {amy}
            amy: signal
            amy bob: view 2 {amy bob} with {amy bob}
            """)
    }

    @Test func transitionalSetIsTheSameForAllInIt() {
        expectProperties(
            ["7.3 Transitional Set"],
            """
            amy bob cat: view 1 {amy bob cat}
            amy bob cat: signal
            amy: view 2 {amy bob cat} with {amy bob}
            bob: view 2 {amy bob cat} with {amy bob cat}
            cat: view 2 {amy bob cat} with {amy bob cat}
            """)
    }

    @Test func whoIsApartMayHaveAnotherSet() {
        expectProperties(
            [],
            """
            amy bob cat: view 1 {amy bob cat}
            amy bob cat: signal
            amy bob: view 2 {amy bob cat} with {amy bob}
            cat: view 2 {amy bob cat} with {cat}
            """)
    }

    @Test func virtualSynchrony() {
        expectProperties(
            ["8 Virtual Synchrony"],
            """
            amy bob: view 1 {amy bob}
            amy: sends 1 fifo
            amy: delivers 1
            amy bob: signal
            amy bob: view 2 {amy bob} with {amy bob}
            """)
    }

    @Test func whoDoesNotMoveAlongMayHaveDeliveredOtherMessages() {
        expectProperties(
            [],
            """
            amy bob: view 1 {amy bob}
            amy bob: signal
            amy: sends 1 fifo
            amy: delivers 1
            amy: view 2 {amy} with {amy}
            bob: view 2b {bob} with {bob}
            amy bob: signal
            amy: view 3 {amy bob} with {amy}
            bob: view 3 {amy bob} with {bob}
            """)
    }

    @Test func aPrivateMessageIsMissedByNobodyElse() {
        expectProperties(
            [],
            """
            amy bob cat: view 1 {amy bob cat}
            amy: sends 1 agreed to bob
            bob: delivers 1
            amy bob cat: signal
            amy bob cat: view 2 {amy bob cat} with {amy bob cat}
            """)
    }

    @Test func aViewNeedsItsSignal() {
        expectProperties(
            ["13 Transitional Signal"],
            """
            amy: view 1 {amy}
            amy: view 2 {amy} with {amy}
            """)
    }

    @Test func aViewHasNoSecondSignal() {
        expectProperties(
            ["13 Transitional Signal"],
            """
            amy: view 1 {amy}
            amy: signal
            amy: signal
            """)
    }

    @Test func noSignalBeforeTheFirstView() {
        expectProperties(
            ["13 Transitional Signal"],
            """
            amy: signal
            amy: view 1 {amy}
            """)
    }
}
