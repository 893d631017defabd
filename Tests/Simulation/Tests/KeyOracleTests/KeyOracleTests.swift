import KeyAgreement
import Testing

@testable import KeyOracle

@Suite struct HonestAgreements {
    @Test("joins, leaves, merges, refreshes, lone members and runs from scratch violate nothing")
    func everything() throws {
        let agreement = Agreement()
        try agreement.agree([1], base: 0)
        try agreement.agree([1, 2], base: 1)
        try agreement.agree([1, 2, 3, 4], base: 2)
        try agreement.agree([1, 2, 3, 4], base: 4)
        // 4 leaves alone, the others go on, and meet again: 4 comes anew although it is known.
        try agreement.agree([4], base: 0)
        try agreement.agree([1, 2, 3], base: 3)
        try agreement.agree([2, 3], base: 2)
        try agreement.agree([2, 3, 4, 1], base: 2)
        try agreement.agree([2, 4], base: 2)
        try agreement.agree([4, 2, 5, 6, 7], base: 0)
        #expect(agreement.oracle.violations() == [])
    }

    @Test("runs that are given up at any token, and the next from scratch, violate nothing", arguments: 0..<10)
    func abandoned(_ tokens: Int) throws {
        let agreement = Agreement()
        try agreement.agree([1, 2, 3], base: 0)
        try agreement.agree([1, 2, 3, 4, 5], base: 3, tokens: tokens)
        try agreement.agree([1, 2, 3, 5], base: 0)
        try agreement.agree([1, 3, 5], base: 3)
        #expect(agreement.oracle.violations() == [])
    }

    @Test("a long run that is searched by drawing violates nothing")
    func long() throws {
        let agreement = Agreement(oracle: KeyOracle(suite: .simulation, seed: 3, budget: 500))
        try agreement.agree([1, 2, 3, 4], base: 0)
        for round in UInt64(0)..<20 {
            try agreement.agree([2, 3, 4], base: 3)
            try agreement.agree([2, 3, 4, 10 + round], base: 3)
            try agreement.agree([2, 3, 4], base: 3)
            try agreement.agree([2, 3, 4, 1], base: 3)
        }
        #expect(agreement.oracle.violations() == [])
    }

    @Test("so in a real group")
    func real() throws {
        let suite = try #require(Suite(number: 0x1111))
        let agreement = Agreement(suite: suite)
        try agreement.agree([1], base: 0)
        try agreement.agree([1, 2, 3], base: 1)
        try agreement.agree([1, 2], base: 2)
        #expect(agreement.oracle.violations() == [])
    }
}

@Suite struct BrokenAgreements {
    private static let first = Forgery.View(number: 1, members: [1, 2, 3], shares: [1_001, 1_002, 1_003])

    private func claims(_ sentences: [String]) -> [String] {
        var claims: [String] = []
        for sentence in sentences where claims.last != String(sentence.prefix(3)) {
            claims.append(String(sentence.prefix(3)))
        }
        return claims
    }

    @Test("what is forged well violates nothing")
    func sound() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        let second = Forgery.View(number: 2, members: [1, 2], shares: [1_001, 2_002], rest: 1_003)
        try forgery.install(second, after: Self.first)
        forgery.hold(9, [9_001, 9_002])
        #expect(forgery.oracle.violations() == [])
    }

    @Test("a controller that does not refresh its share when somebody leaves")
    func noRefresh() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        let second = Forgery.View(number: 2, members: [1, 2], shares: [1_001, 1_002], rest: 1_003)
        try forgery.install(second, after: Self.first)
        #expect(claims(forgery.oracle.violations()) == ["(b)", "(d)"])
    }

    @Test("a controller that refreshes the partial key of the member that leaves, too")
    func refreshesTheLeaver() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        let second = Forgery.View(number: 2, members: [1, 2], shares: [1_001, 2_002], rest: 1_003)
        try forgery.install(second, after: Self.first)
        let everybody = second.shares + [1_003]
        forgery.transmit(
            second, after: Self.first,
            everybody.map { forgery.power(forgery.quotient(forgery.exponent(of: second), $0)) })
        let violations = forgery.oracle.violations()
        #expect(claims(violations) == ["(d)"])
        #expect(violations[0].contains("3 can compute that of view 2"))
    }

    @Test("a member that holds another key than the others")
    func otherKey() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        try forgery.install(Self.first, after: nil, 3, 1_003, forgery.power(5))
        #expect(claims(forgery.oracle.violations()) == ["(a)"])
    }

    @Test("a member whose share is not in the key")
    func missingShare() throws {
        let forgery = Forgery()
        try forgery.install(Self.first, claiming: [1_001, 1_002, 7])
        #expect(claims(forgery.oracle.violations()) == ["(c)"])
    }

    @Test("a share that a member left behind is forgotten, or counted although its member came anew")
    func leftBehind() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        let second = Forgery.View(number: 2, members: [1, 2], shares: [1_001, 2_002])
        try forgery.install(second, after: Self.first)
        #expect(claims(forgery.oracle.violations()) == ["(c)"])
    }

    @Test("a view whose run nobody knows the beginning of")
    func unknownRun() throws {
        let forgery = Forgery()
        try forgery.install(Forgery.View(number: 2, members: [1, 2], shares: [5, 6]), after: Self.first)
        #expect(claims(forgery.oracle.violations()) == ["(c)"])
    }

    @Test(
        "a stranger that reaches a key with one or two of its shares, or with none",
        arguments: [
            [], [9_001], [9_001, 9_002],
        ])
    func stranger(_ shares: [UInt64]) throws {
        for isInverse in [false, true] {
            let forgery = Forgery()
            try forgery.install(Self.first)
            forgery.hold(9, [9_001, 9_002, 9_003])
            let key = forgery.exponent(of: Self.first)
            let factor = forgery.product(shares)
            let exponent = isInverse ? forgery.product([key, factor]) : forgery.quotient(key, factor)
            forgery.transmit(Self.first, after: nil, [forgery.power(exponent)])
            #expect(claims(forgery.oracle.violations()) == ["(d)"])
        }
    }

    @Test("a stranger that reaches a key with the quotient of two shares")
    func quotient() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        forgery.hold(9, [9_001, 9_002])
        let key = forgery.exponent(of: Self.first)
        forgery.transmit(
            Self.first, after: nil, [forgery.power(forgery.product([key, forgery.quotient(9_002, 9_001)]))])
        #expect(claims(forgery.oracle.violations()) == ["(d)"])
    }

    @Test("a key that is an old member's old key to the power of its own share")
    func oldKey() throws {
        let forgery = Forgery()
        try forgery.install(Self.first)
        // The controller refreshes by the share of who leaves.
        let second = Forgery.View(
            number: 2, members: [1, 2], shares: [1_001, forgery.product([1_002, 1_003])], rest: 1_003)
        try forgery.install(second, after: Self.first)
        #expect(claims(forgery.oracle.violations()) == ["(d)"])
    }
}
