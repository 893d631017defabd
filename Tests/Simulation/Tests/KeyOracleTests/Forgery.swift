import Traces

@testable import Arithmetic
@testable import KeyAgreement
@testable import KeyOracle
@testable import Primitives
@testable import SecureGroup

/// Views whose keys and tokens are made up, in the simulation's group: what a broken agreement would leave behind.
struct Forgery {
    let oracle = KeyOracle(suite: .simulation)
    private let numbers = SmallNumbers()

    /// One view of members with these shares, whose key is g to their product, times a number that stands for shares
    /// that others left behind.
    struct View {
        let number: UInt8
        let members: [UInt64]
        let shares: [UInt64]
        var rest: UInt64 = 1
    }

    static func name(_ number: UInt8) -> ViewName { ViewName(counter: UInt64(number), hash: 0xabc0 + UInt64(number)) }

    func power(_ exponent: UInt64) -> UInt64 { numbers.power(numbers.generator, exponent) }

    func product(_ exponents: [UInt64]) -> UInt64 { exponents.reduce(1) { numbers.product($0, $1) } }

    func quotient(_ first: UInt64, _ second: UInt64) -> UInt64 { numbers.product(first, numbers.inverse(of: second)) }

    /// The exponent of a view's key.
    func exponent(of view: View) -> UInt64 { product(view.shares + [view.rest]) }

    /// The members hold their shares, the key list goes out, and all install.
    func install(_ view: View, after previous: View? = nil, claiming shares: [UInt64]? = nil) throws {
        transmit(
            view, after: previous, view.shares.map { power(quotient(exponent(of: view), $0)) })
        for (place, member) in view.members.enumerated() {
            let partialKey = power(quotient(exponent(of: view), view.shares[place]))
            let claimed = shares.map { $0[place] }
            try install(view, after: previous, member, view.shares[place], partialKey, claiming: claimed)
        }
    }

    /// One member installs.
    func install(
        _ view: View, after previous: View?, _ member: UInt64, _ share: UInt64, _ partialKey: UInt64,
        claiming claimed: UInt64? = nil
    ) throws {
        let bytes = SecretBytes(copying: numbers.bytes(of: numbers.power(partialKey, share)).span)
        let key = try GroupKey(
            from: SecretElement(group: .simulation64, bytes: bytes), binding: Self.binding(view.number))
        let evidence = KeyEvidence(
            run: Self.run(view.number), binding: Self.binding(view.number), members: view.members,
            baseCount: previous == nil ? 0 : view.members.count, share: numbers.bytes(of: claimed ?? share),
            key: KeyEvidence.Key(partialKey: numbers.bytes(of: partialKey), fingerprint: key.fingerprint))
        oracle.installed(view: Self.name(view.number), member: member, members: view.members, evidence: evidence)
    }

    /// A key list with these values.
    func transmit(_ view: View, after previous: View?, _ values: [UInt64]) {
        var list = KeyList(
            previous: previous.map { Self.binding($0.number) } ?? [UInt8](repeating: 0, count: 32),
            entries: values.enumerated().map {
                KeyList.Entry(member: UInt64($0.offset + 1), partialKey: numbers.bytes(of: $0.element))
            })
        list.confirmation = [UInt8](repeating: 0, count: 32)
        var envelope = TokenEnvelope(
            kind: .keyList, suite: Suite.simulation.number, group: Array("test".utf8),
            view: Self.run(view.number), run: Self.run(view.number), membership: Self.run(view.number), sender: 1,
            destination: 0, sequence: 1, body: list.body)
        envelope.signature = [UInt8](repeating: 0, count: Identity.signatureSize)
        oracle.transmitted(payload: TokenPayload(baseCount: 0, token: envelope.bytes).bytes, by: 1)
    }

    /// A stranger, or a former member, that holds shares.
    func hold(_ member: UInt64, _ shares: [UInt64]) {
        for (index, share) in shares.enumerated() {
            let run = [UInt8](repeating: 0xf0 + UInt8(index), count: 32)
            let evidence = KeyEvidence(
                run: run, binding: run, members: [member], baseCount: 0, share: numbers.bytes(of: share), key: nil)
            oracle.held(member: member, evidence: evidence)
        }
    }

    private static func run(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }
    private static func binding(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number | 0x80, count: 32) }
}
