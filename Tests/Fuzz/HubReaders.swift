import LocalHub
import Primitives

/// What clients and hub say to each other.
func hubReaders() throws -> [Reader] {
    let payload = [UInt8](0..<48)[...]
    let fromClients: [any HubFrame] = [
        try HubAttach(group: Array("room".utf8)), try HubAttach(group: Array("Zürich · 東京".utf8)),
        try HubMulticast(payload: payload), try HubUnicast(destination: 0x0102_0304_0506_0708, payload: payload),
        HubDetach(),
    ]
    let members: [UInt64] = [1, 7, 0x1_0000_0002, .max]
    let fromHub: [any HubFrame] = [
        try HubAttached(connection: 0x0A0B_0C0D_0000_0001, frameLimit: 0x4_0000),
        try HubConfiguration(id: 3, members: members, transitional: [7, .max]),
        try HubConfiguration(id: 4, members: [1], transitional: [1]),
        try HubMessage(sender: 1, destination: 0, payload: payload), HubRefused(reason: .stuck),
    ]
    let clientCorpus = fromClients.map { $0.write() }
    let hubCorpus = fromHub.map { $0.write() }
    return [
        Reader("hub-client-frame", clientCorpus) { (bytes) throws in
            switch try HubClientFrame.read(bytes) {
            case .attach(let frame): frame.write()
            case .multicast(let frame): frame.write()
            case .unicast(let frame): frame.write()
            case .detach(let frame): frame.write()
            }
        },
        Reader("hub-server-frame", hubCorpus) { (bytes) throws in
            switch try HubServerFrame.read(bytes) {
            case .attached(let frame): frame.write()
            case .configuration(let frame): frame.write()
            case .message(let frame): frame.write()
            case .refused(let frame): frame.write()
            }
        },
        Reader("hub-stream", [clientCorpus.flatMap { $0 }, hubCorpus.flatMap { $0 }], read: readStream),
    ]
}

/// Cut into frames whole or in two pieces, a stream gives the same frames, and all its bytes are accounted for.
private func readStream(_ bytes: [UInt8]) -> Outcome {
    let whole = frames([bytes[...]])
    let middle = bytes.count / 3
    let pieces = frames([bytes[..<middle], bytes[middle...]])
    guard whole.found == pieces.found, whole.isRefused == pieces.isRefused else {
        return .broken("cut differently when it arrives in two pieces")
    }
    guard whole.found.reduce(whole.left, { $0 + $1.count }) == bytes.count else { return .broken("bytes are lost") }
    return whole.isRefused ? .refused : .accepted
}

private func frames(_ pieces: [ArraySlice<UInt8>]) -> (found: [[UInt8]], left: Int, isRefused: Bool) {
    var buffer = HubFrameBuffer()
    var found: [[UInt8]] = []
    var isRefused = false
    for piece in pieces {
        buffer.append(piece)
        do throws(HubStreamError) {
            while let frame = try buffer.peek(limit: HubWire.frameLimit) {
                found.append(Array(frame))
                buffer.consume(frame.count)
            }
        } catch {
            isRefused = true
        }
    }
    return (found, buffer.byteCount, isRefused)
}
