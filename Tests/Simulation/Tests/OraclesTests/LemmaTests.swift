import Oracles
import Testing
import Traces

/// Lemmas A.1 to A.7, B.1 and B.2: a run that keeps all, and traces that break each.
@Suite struct LemmaTests {
    /// Amy is alone; bob comes; amy's message waits at bob for the key list; bob answers; bob crashes, and amy goes on
    /// alone. M is where the optimized algorithm waits for the view, and the basic one in CM.
    static func good(waiting: String, joining: String) -> String {
        """
        amy: vsview 1 {amy}
        amy: Membership \(joining) S
        amy: view 1 {amy}
        amy: vsrequest
        amy: Flush_Request S S
        amy: request
        amy: Secure_Flush_Ok S \(waiting)
        amy: ok
        amy: vsok
        amy: vssignal
        amy: Transitional_Signal \(waiting) \(waiting)
        amy: signal
        amy: vsview 2 {amy bob}
        amy: Membership \(waiting) FT
        bob: vsview 2 {amy bob}
        bob: Membership \(joining) PT
        bob: Partial_Token PT FO
        amy: Final_Token FT KL
        bob: Fact_Out FO KL
        bob: vssends 900 agreed
        amy: vsdelivers 900
        amy: Key_List KL S
        amy: view 2 {amy bob}
        amy: User_Message S S
        amy: sends 1 fifo
        amy: vssends 901 fifo
        amy: vssends 902 fifo carrying 1
        bob: vsdelivers 901
        bob: Data_Message KL KL
        bob: vsdelivers 902
        bob: Data_Message KL KL
        amy: vsdelivers 901
        amy: Data_Message S S
        amy: vsdelivers 902
        amy: Data_Message S S
        amy: delivers 1
        bob: vsdelivers 900
        bob: Key_List KL S
        bob: view 2 {amy bob}
        bob: delivers 1
        bob: User_Message S S
        bob: sends 2 causal
        bob: vssends 903 causal carrying 2
        amy bob: vsrequest
        amy bob: Flush_Request S S
        amy bob: request
        amy bob: Secure_Flush_Ok S \(waiting)
        amy bob: ok
        amy bob: vsok
        amy bob: vsdelivers 903
        amy bob: Data_Message \(waiting) \(waiting)
        amy bob: delivers 2
        bob: crashes
        amy: vssignal
        amy: Transitional_Signal \(waiting) \(waiting)
        amy: signal
        amy: vsview 3 {amy} with {amy}
        amy: Membership \(waiting) S
        amy: view 3 {amy} with {amy}
        """
    }

    static let basic = good(waiting: "CM", joining: "CM")
    static let optimized = good(waiting: "M", joining: "SJ")

    @Test func aGoodRunKeepsAll() {
        let basic = Dialogue(Self.basic, algorithm: "basic").trace
        let optimized = Dialogue(Self.optimized).trace
        #expect(Oracle.judge(basic) == [])
        #expect(Oracle.judge(optimized) == [])
        let leftOut = Oracle.applicable(to: optimized).filter { $0.obstacle != nil }.map { $0.property }
        #expect(leftOut == ["A.3 (appendix A.1)", "A.4 (appendix A.1)"])
    }

    @Test func whatATraceLacksIsSaid() {
        let trace = Dialogue("amy: view 1 {amy}").trace
        let leftOut = Oracle.applicable(to: trace).filter { $0.obstacle != nil }.map { $0.property.prefix(3) }
        #expect(leftOut == ["A.3", "B.1", "A.4", "B.2", "A.5", "A.6", "sta", "A.7"])
    }

    /// The good run with a line in place of another; expects these lemmas to be broken among others.
    private func expect(
        _ expected: [String], algorithm: String = "optimized", replacing line: String, by other: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let good = algorithm == "basic" ? Self.basic : Self.optimized
        #expect(good.contains(line), "the good run has no \(line)", sourceLocation: sourceLocation)
        let bad = good.replacingOccurrence(of: line, with: other)
        let names = broken(Dialogue(bad, algorithm: algorithm).trace).map { String($0.prefix { $0 != " " }) }
        #expect(names == expected, sourceLocation: sourceLocation)
    }

    // MARK: - A.1, A.2: the flush

    @Test func nothingIsSentAfterTheFlushOk() {
        expect(["A.1"], replacing: "bob: crashes", by: "bob: sends 5 fifo\nbob: crashes")
        expect(["A.1"], replacing: "bob: crashes", by: "amy: User_Message M M\nbob: crashes")
    }

    @Test func nothingIsSentBeforeTheFirstView() {
        expect(["A.1"], replacing: "bob: Partial_Token PT FO", by: "bob: User_Message PT PT\nbob: Partial_Token PT FO")
    }

    @Test func noViewWithoutAFlushRequest() {
        let text = """
            amy: view 1 {amy}
            amy: signal
            amy: view 2 {amy} with {amy}
            """
        #expect(broken(Dialogue(text).trace) == ["A.2 (appendix A.1)"])
    }

    @Test func noViewBeforeTheFlushOk() {
        let text = """
            amy: view 1 {amy}
            amy: request
            amy: signal
            amy: view 2 {amy} with {amy}
            """
        #expect(broken(Dialogue(text).trace) == ["A.2 (appendix A.1)"])
    }

    @Test(arguments: ["request", "ok"])
    func whoJoinsIsAskedNothing(event: String) {
        let text = """
            amy: \(event)
            amy: view 1 {amy}
            """
        #expect(broken(Dialogue(text).trace) == ["A.2 (appendix A.1)"])
    }

    @Test func theViewComesFirst() {
        let text = """
            amy: view 1 {amy bob}
            amy: sends 1 fifo
            bob: delivers 1
            amy: delivers 1
            bob: view 1 {amy bob}
            """
        #expect(broken(Dialogue(text).trace) == ["3 Sending View Delivery (§3.1)", "A.2 (appendix A.1)"])
    }

    @Test func oneRequestIsAnsweredOnce() {
        expect(["A.2"], replacing: "amy bob: vsok", by: "amy bob: vsok\nbob: ok")
        expect(["A.2"], replacing: "amy bob: request", by: "amy bob: request\nbob: request")
    }

    // MARK: - A.3, A.4, B.1, B.2: states

    @Test func viewsComeInTheStatesOfTheLemma() {
        expect(["B.1"], replacing: "amy: Membership M FT", by: "amy: Membership S FT")
        expect(["A.3"], algorithm: "basic", replacing: "amy: Membership CM FT", by: "amy: Membership KL FT")
        expect(["A.3"], algorithm: "basic", replacing: "amy: Membership CM FT", by: "amy: Membership M FT")
    }

    @Test func messagesComeInTheStatesOfTheLemma() {
        expect(["B.2"], replacing: "bob: Data_Message KL KL", by: "bob: Data_Message FO FO")
        expect(["A.4"], algorithm: "basic", replacing: "bob: Data_Message KL KL", by: "bob: Data_Message FO FO")
        // Not delivered either: where the view lives on, it may not be ignored.
        expect(
            ["B.2", "A.7"], replacing: "bob: vsdelivers 902\nbob: Data_Message KL KL",
            by: "bob: vsdelivers 902\nbob: Data_Message KL KL ignored")
    }

    @Test func messagesOfAnAbandonedViewAreIgnored() {
        let text = """
            amy bob: vsview 1 {amy bob}
            amy: vssends 901 agreed carrying 1
            amy bob: vssignal
            bob: Transitional_Signal KL KL
            bob: vsdelivers 901
            bob: Data_Message KL KL ignored
            amy: vsdelivers 901
            amy: Data_Message CM CM ignored
            """
        #expect(broken(Dialogue(text).trace) == [])
        let early = text.replacingOccurrence(of: "amy bob: vssignal\n", with: "amy: vssignal\n")
        #expect(broken(Dialogue(early).trace) == ["B.2 (appendix B.1)"])
    }

    @Test func messagesAreDeliveredInTheStatesOfTheLemma() {
        expect(["B.2"], replacing: "bob: Key_List KL S", by: "bob: Key_List KL KL")
        expect(["A.4"], algorithm: "basic", replacing: "bob: Key_List KL S", by: "bob: Key_List KL KL")
    }

    /// The two went the same way; or one of them lost the other on it.
    @Test(arguments: [(2, ["staying together (lemma A.6)"]), (3, [])])
    func ofThoseWhoStayConnectedAllInstall(configuration: Int, expected: [String]) {
        let text = """
            amy bob: configured 1
            amy bob: vsview 1 {amy bob}
            amy: view 1 {amy bob}
            amy: configured 2
            bob: configured \(configuration)
            amy bob: vssignal
            amy bob: vsview 2 {amy bob}
            """
        #expect(broken(Dialogue(text).trace) == expected)
    }

    // MARK: - A.5, A.6, A.7

    @Test func aSecureViewIsTheLatestVSView() {
        let text = """
            amy: vsview 1 {amy}
            amy: vssignal
            amy: vsview 2 {amy} with {amy}
            amy: view 1 {amy}
            """
        #expect(broken(Dialogue(text).trace) == ["A.5 (appendix A.1)"])
    }

    @Test func aSecureViewHasTheMembersOfItsVSView() {
        let text = """
            amy: vsview 1 {amy bob}
            amy: view 1 {amy}
            """
        #expect(broken(Dialogue(text).trace) == ["A.5 (appendix A.1)"])
    }

    @Test func whoMovesAlongHasInstalledTheSameSecureView() {
        let text = """
            amy bob: vsview 1 {amy bob}
            amy: view 1 {amy bob}
            amy bob: vssignal
            amy bob: vsview 2 {amy bob} with {amy bob}
            """
        #expect(broken(Dialogue(text).trace) == ["A.6 (appendix A.1.7)"])
        let apart = text.replacingOccurrence(
            of: "amy bob: vsview 2 {amy bob} with {amy bob}",
            with: "amy: vsview 2 {amy bob} with {amy}\nbob: vsview 2 {amy bob} with {bob}")
        #expect(broken(Dialogue(apart).trace) == [])
        let both = text.replacingOccurrence(of: "amy: view", with: "amy bob: view")
        #expect(broken(Dialogue(both).trace) == [])
    }

    @Test func whatFlushDeliveredIsDelivered() {
        expect(["A.7"], replacing: "amy bob: delivers 2", by: "amy: delivers 2")
    }

    @Test func inTheOrderInWhichFlushDeliveredIt() {
        let text = """
            amy: vsview 1 {amy}
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: vssends 901 fifo carrying 1
            amy: sends 2 fifo
            amy: vssends 902 fifo carrying 2
            amy: vsdelivers 901
            amy: delivers 2
            amy: vsdelivers 902
            amy: delivers 1
            """
        #expect(broken(Dialogue(text).trace).contains("A.7 (appendix A.1.9)"))
        let late = """
            amy: vsview 1 {amy}
            amy: view 1 {amy}
            amy: sends 1 fifo
            amy: vssends 901 fifo carrying 1
            amy: sends 2 fifo
            amy: vssends 902 fifo carrying 2
            amy: vsdelivers 901
            amy: vsdelivers 902
            amy: delivers 1
            amy: delivers 2
            """
        #expect(broken(Dialogue(late).trace) == ["A.7 (appendix A.1.9)"])
    }
}

extension String {
    /// This text with the first occurrence of a part replaced.
    func replacingOccurrence(of part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return replacingCharacters(range, with: other)
    }

    private func replacingCharacters(_ range: Range<Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
