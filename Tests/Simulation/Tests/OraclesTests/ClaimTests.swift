import Oracles
import Testing
import Traces

/// What views and keys claim, and that nothing is refused where nobody tampers.
@Suite struct ClaimTests {
    @Test func sameViewSameKey() {
        let text = """
            amy: view 1 {amy bob} key a
            bob: view 1 {amy bob} key b
            """
        #expect(broken(Dialogue(text).trace) == ["same view, same key (§4)"])
    }

    @Test func differentViewsDifferentKeys() {
        let text = """
            amy: view 1 {amy} key a
            amy: request
            amy: ok
            amy: signal
            amy: view 2 {amy} with {amy} key a
            """
        #expect(broken(Dialogue(text).trace) == ["different views, different keys (§1)"])
    }

    @Test func noViewWithoutAKey() {
        #expect(broken(Dialogue("amy: view 1 {amy} key none").trace) == ["different views, different keys (§1)"])
    }

    @Test(arguments: Dialogue.Floor.allCases)
    func oneNameOneView(floor: Dialogue.Floor) {
        let text = """
            amy: view 1 {amy bob}
            bob: view 1 {bob amy}
            """
        #expect(broken(Dialogue(text, floor: floor).trace) == ["one name, one view (appendix A)"])
    }

    @Test func whatIsChangedIsNotTaken() {
        let text = """
            amy bob: vsview 1 {amy bob}
            amy: vssends 1 agreed
            amy: vsdelivers 1
            amy: Data_Message S S
            bob: tampered
            bob: vsdelivers 1 fifo
            bob: Data_Message S S OUTCOME
            bob: tampered
            bob: vsdelivers 9 agreed that amy sent
            bob: Key_List KL KL OUTCOME
            """
        let refused = text.replacing("OUTCOME", with: "refused")
        #expect(broken(Dialogue(refused).trace) == [])
        #expect(broken(Dialogue(text.replacing("OUTCOME", with: "accepted")).trace) == ["authenticity (§2)"])
    }

    @Test(arguments: Dialogue.Floor.allCases)
    func strangersStayAlone(floor: Dialogue.Floor) {
        var together = Dialogue("amy eve: view 1 {amy eve}", floor: floor).trace
        #expect(broken(together) == [])
        together.members[1].isStranger = true
        #expect(broken(together) == ["admission (docs/flush-and-admission.md)"])
        var alone = Dialogue("eve: view 1 {eve}", floor: floor).trace
        alone.members[0].isStranger = true
        #expect(broken(alone) == [])
    }

    @Test func nothingIsRefused() {
        #expect(broken(Dialogue("amy: Key_List KL KL refused").trace) == ["undisturbed (§2)"])
        #expect(broken(Dialogue("amy: problem badSeal").trace) == ["undisturbed (§2)"])
    }

    @Test func whatTheApplicationMayNotDoIsRefused() {
        #expect(broken(Dialogue("amy: User_Message M M refused").trace) == [])
        #expect(broken(Dialogue("amy: problem not admitted: notAdmitted").trace) == [])
    }

    /// What a tampering network destroyed is missing; but nothing that it made up is delivered to the application.
    @Test func whoTampersCanOnlyWithhold() {
        let text = """
            amy bob: vsview 1 {amy bob}
            amy bob: view 1 {amy bob}
            amy: sends 1 agreed
            amy: delivers 1
            bob: tampered
            bob: vsdelivers 9 agreed that amy sent
            bob: Data_Message S S refused
            bob: problem badSeal
            amy: sends 2 agreed
            amy bob: delivers 2
            """
        #expect(broken(Dialogue(text).trace) == [])
        let forged = text + "\nbob: delivers 7 agreed that amy sent"
        #expect(broken(Dialogue(forged).trace) == ["4 Delivery Integrity (§3.1)"])
    }
}
