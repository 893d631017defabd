import Primitives

@testable import Flush

private let group = Array("room".utf8)

/// The messages of the Flush layer, each by its own reader, and all of them through the one that tells them apart.
func flushReaders() throws -> [Reader] {
    let identity = try seededIdentity("Ada")
    let view = ViewIdentifier(counter: 7, hash: [UInt8](repeating: 0xA1, count: 32))
    let hellos = try [nil, view].map { (view) throws in
        try Hello(
            suite: 0x1211, algorithm: 1, configuration: 5, connection: 9, incarnation: 11,
            publicKey: identity.publicKey,
            name: identity.name, nonce: [UInt8](repeating: 3, count: 32), view: view, place: 2,
            lineage: [UInt8](repeating: 4, count: 32)
        ).signed(group: group, by: identity)
    }
    let accepted = [3, 9].map {
        FlushAcknowledgement.Accepted(connection: $0, hello: [UInt8](repeating: UInt8($0), count: 32))
    }
    let acknowledgements = [nil, view].map {
        FlushAcknowledgement(
            configuration: 5, sender: 9, view: $0, secureView: $0, highestCounter: 7, heard: 2,
            accepted: AcceptedList(accepted)
        )
        .unauthenticated(group: group)
    }
    let exclusion = Exclusion(configuration: 5, sender: 9, view: view, connections: [3, 4, 8])
        .unauthenticated(group: group)
    let digests = [UInt8(1), 2].map { [UInt8](repeating: $0, count: Stability.digestSize) }
    let stability = Stability(view: view, sender: 9, digests: digests).unauthenticated(group: group)
    let data = [Service.fifo, .causal, .agreed, .safe].map {
        DataMessage(view: view, service: $0, destination: 0, payload: [UInt8](0..<20)[...]).written()
    }
    let corpora: [(String, [[UInt8]])] = [
        ("flush-hello", hellos), ("flush-acknowledgement", acknowledgements.flatMap(authenticated)),
        ("flush-exclusion", authenticated(exclusion)), ("flush-stability", authenticated(stability)),
        ("flush-data", data),
    ]
    let all = ("flush-message", corpora.flatMap { $0.1 })
    return (corpora + [all]).map { (name, corpus) in Reader(name, corpus, writtenAgain: writtenAgain) }
}

private func authenticated(_ writer: ByteWriter) -> [[UInt8]] {
    [Authenticator.signature([UInt8](repeating: 5, count: 64)), .code([UInt8](repeating: 6, count: 32))].map {
        bytes(writer, $0)
    }
}

private func bytes(_ writer: ByteWriter, _ authenticator: Authenticator) -> [UInt8] {
    var writer = writer
    authenticator.write(&writer)
    return writer.bytes
}

private func writtenAgain(_ input: [UInt8]) throws -> [UInt8] {
    switch try FlushMessage.read(input, group: group) {
    case .hello(let message, let authenticator): bytes(message.unsigned(group: group), authenticator)
    case .acknowledgement(let message, let authenticator): bytes(message.unauthenticated(group: group), authenticator)
    case .exclusion(let message, let authenticator): bytes(message.unauthenticated(group: group), authenticator)
    case .stability(let message, let authenticator): bytes(message.unauthenticated(group: group), authenticator)
    case .data(let message): message.written()
    }
}
