import Arithmetic
import Testing

@testable import KeyAgreement

/// How many members fit, when the largest token of an agreement has to fit into one message of the transport: the table
/// in docs/operations.md.
@Suite struct TokenSizeTests {
    /// Bytes of the largest message of a Corosync cluster (a hub's is five bytes larger), and of the least engine.
    private static let cluster = 262_118
    private static let least = 65_536
    /// What Flush writes before a payload, and the secure group before a token.
    private static let before = 51 + 3

    private func message(_ body: [UInt8]) -> Int {
        let identifier = [UInt8](repeating: 0, count: 32)
        let envelope = TokenEnvelope(
            kind: .keyList, suite: 0, group: [UInt8](repeating: 0, count: 128), view: identifier, run: identifier,
            membership: identifier, sender: 0, destination: 0, sequence: 0, body: body,
            signature: [UInt8](repeating: 0, count: 64))
        return Self.before + envelope.bytes.count
    }

    private func keyList(of count: Int, in group: NumberGroup) -> Int {
        let value = [UInt8](repeating: 0, count: group.elementSize)
        var list = KeyList(
            previous: [UInt8](repeating: 0, count: 32),
            entries: (0..<count).map { KeyList.Entry(member: UInt64($0), partialKey: value) })
        list.confirmation = [UInt8](repeating: 0, count: 32)
        return message(list.body)
    }

    /// The tree of so many members, which who comes is given.
    private func keyTree(of count: Int, in group: NumberGroup) -> Int {
        let value = [UInt8](repeating: 0, count: group.elementSize)
        var nodes = (0..<count).map { KeyTreeToken.Node(place: $0, blinded: value) }
        nodes += (1..<count).map { KeyTreeToken.Node(place: nil, blinded: $0 == count - 1 ? nil : value) }
        return message(KeyTreeToken(previous: [UInt8](repeating: 0, count: 32), nodes: nodes).body)
    }

    private func most(_ limit: Int, _ size: (Int) -> Int) -> Int {
        var low = 2
        var high = AgreementRun.memberLimit + 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if size(middle) <= limit { low = middle } else { high = middle }
        }
        return low
    }

    @Test(arguments: [
        (NumberGroup.ffdhe4096, [503, 125], [255, 64]),
        (.ffdhe3072, [667, 166], [340, 85]),
        (.ffdhe2048, [991, 246], [508, 127]),
        (.modp2048Order256, [991, 246], [508, 127]),
        (.p256, [1_000, 891], [1_000, 487]),
    ])
    func largestGroups(_ group: NumberGroup, _ byKeyList: [Int], _ byKeyTree: [Int]) {
        let limits = [Self.cluster, Self.least]
        #expect(limits.map { most($0) { keyList(of: $0, in: group) } } == byKeyList)
        #expect(limits.map { most($0) { keyTree(of: $0, in: group) } } == byKeyTree)
    }
}
