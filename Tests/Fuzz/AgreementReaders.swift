import Primitives

@testable import KeyAgreement

/// The tokens of the key agreement: what is around them, and each kind's body.
func agreementReaders() throws -> [Reader] {
    // Bytes of an element; the readers take any, and small ones leave more of the mutations to what is around them.
    let size = 64
    let previous = [UInt8](repeating: 7, count: 32)
    let value = [UInt8](repeating: 9, count: size)
    var list = KeyList(
        previous: previous, entries: (1...3).map { KeyList.Entry(member: $0, partialKey: value) })
    list.confirmation = [UInt8](repeating: 8, count: 32)
    let tree = KeyTreeToken(
        previous: previous,
        nodes: [
            KeyTreeToken.Node(place: 0, blinded: value), KeyTreeToken.Node(place: 2, blinded: nil),
            KeyTreeToken.Node(place: nil, blinded: nil), KeyTreeToken.Node(place: 1, blinded: value),
            KeyTreeToken.Node(place: nil, blinded: nil),
        ])
    let bodies = [
        PartialToken(previous: previous, value: value).body, FinalToken(previous: previous, value: value).body,
        FactorOutToken(value: value).body, list.body,
    ]
    let tokens = try zip([TokenEnvelope.Kind.partialToken, .finalToken, .factorOutToken, .keyList], bodies).map {
        (kind, body) throws in
        var token = TokenEnvelope(
            kind: kind, suite: Suite.standard.number, group: Array("room".utf8), view: previous, run: previous,
            membership: previous, sender: 11, destination: kind.audience == .all ? 0 : 12, sequence: 1, body: body)
        token.signature = try seededIdentity("Ada").sign(token.signedBytes)
        return token.bytes
    }
    return [
        Reader("gdh-token", tokens) { (bytes) throws in try TokenEnvelope(reading: bytes).bytes },
        Reader("gdh-partial-token", [bodies[0]]) { (bytes) throws in
            try PartialToken(reading: bytes, elementSize: size).body
        },
        Reader("gdh-final-token", [bodies[1]]) { (bytes) throws in
            try FinalToken(reading: bytes, elementSize: size).body
        },
        Reader("gdh-factor-out-token", [bodies[2]]) { (bytes) throws in
            try FactorOutToken(reading: bytes, elementSize: size).body
        },
        Reader("ckd-controller-value", [ControllerValueToken(previous: previous, value: value).body]) {
            (bytes) throws in try ControllerValueToken(reading: bytes, elementSize: size).body
        },
        Reader("ckd-member-value", [value]) { (bytes) throws in
            try MemberValueToken(reading: bytes, elementSize: size).body
        },
        Reader("bd-first-value", [value]) { (bytes) throws in
            try BDFirstToken(reading: bytes, elementSize: size).body
        },
        Reader("bd-second-value", [BDSecondToken(value: value).body, [0]]) { (bytes) throws in
            try BDSecondToken(reading: bytes, elementSize: size).body
        },
        Reader("bd-confirmation", [previous]) { (bytes) throws in try BDConfirmation(reading: bytes).body },
        Reader("tree-leaf", [value]) { (bytes) throws in
            try BlindedLeafToken(reading: bytes, elementSize: size).body
        },
        Reader("tree-key-tree", [tree.body]) { (bytes) throws in
            try KeyTreeToken(reading: bytes, elementSize: size).body
        },
        Reader("tree-path", [BlindedPathToken(previous: previous, blinded: [value, value]).body]) { (bytes) throws in
            try BlindedPathToken(reading: bytes, elementSize: size).body
        },
        Reader("tree-confirmation", [TreeConfirmation(previous: previous, confirmation: previous).body]) {
            (bytes) throws in try TreeConfirmation(reading: bytes).body
        },
        Reader("gdh-key-list", [bodies[3]]) { (bytes) throws in try KeyList(reading: bytes, elementSize: size).body },
    ]
}
