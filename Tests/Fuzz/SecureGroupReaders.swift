import Flush
import Primitives

@testable import SecureGroup

/// What members of a secure group say to each other besides tokens.
func secureGroupReaders() throws -> [Reader] {
    let view = ViewIdentifier(counter: 7, hash: [UInt8](repeating: 0xA1, count: 32))
    let keys = try schedule(view)
    let sealer = Sealer(keys: keys, sender: 1)
    let message = [UInt8](repeating: 5, count: 300)
    let records = try [
        sealer.seal(message, service: .agreed)[0].payload, sealer.seal([], service: .fifo)[0].payload,
        sealer.seal([1, 2, 3], service: .safe, to: 2)[0].payload,
    ]
    let identity = try seededIdentity("Ada")
    let requests = try [RestartMessage.Purpose.request, .installed].map { (purpose) throws in
        try RestartMessage(
            purpose: purpose, suite: 0x1211, group: Array("room".utf8), view: view.hash, run: view.hash, number: 1,
            sender: 11
        ).signed(by: identity)
    }
    return [
        Reader("sealed-record-head", records, writtenAgain: headWrittenAgain),
        Reader("sealed-record", records) { (bytes: [UInt8]) in
            // A receiver of its own for each input, so that what is accepted does not depend on those before.
            let opener = Opener(keys: keys, me: 2, members: [1, 2])
            for (service, isPrivate) in [(Service.agreed, false), (.fifo, false), (.safe, true)] {
                guard (try? opener.open(bytes, from: 1, service: service, isPrivate: isPrivate)) != nil else {
                    continue
                }
                return records.contains(bytes) ? .accepted : .broken("opened a record that was never sealed")
            }
            return .refused
        },
        Reader("restart-request", requests) { (bytes) throws in
            let message = try RestartMessage(reading: bytes)
            return message.unsignedPayload + message.signature
        },
    ]
}

private func schedule(_ view: ViewIdentifier) throws -> KeySchedule {
    let secret = [UInt8](repeating: 9, count: 32)
    return try KeySchedule(
        secret: SecretBytes(copying: secret.span), binding: ViewBinding(group: "room", view: view),
        algorithm: .aes256GCM)
}

private func headWrittenAgain(_ bytes: [UInt8]) throws -> [UInt8] {
    let head = try SealedHeader(reading: bytes.span)
    var written = bytes
    written.withUnsafeMutableBytes { head.write(to: $0.baseAddress!) }
    return written
}
