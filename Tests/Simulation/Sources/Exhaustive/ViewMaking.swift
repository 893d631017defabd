import Flush
import Primitives

extension World {
    /// The view of these members: its counter is one more than any of theirs, and its name comes from where each comes
    /// from. (The real layer mixes in fresh nonces. Here two views are the same only if members and counter are; nobody
    /// is in two views with one counter.)
    func compose(_ order: [Int], _ machinery: Machinery) -> FlushView {
        let catalogue = machinery.catalogue
        var counter: UInt64 = 0
        var writer = ByteWriter()
        for member in order {
            writer.writeUInt64(UInt64(member))
            guard let stream = streams[stream[member]] else { continue }
            writer.writeUInt8(stream.alive)
            guard stream.view >= 0 else { continue }
            counter = max(counter, catalogue.views[stream.view].id.counter)
            writer.writeRaw(catalogue.views[stream.view].id.hash)
        }
        writer.writeUInt64(counter + 1)
        let hash = (try? Digest.sha256(writer.bytes)) ?? []
        let members = order.map { member in
            let identity = machinery.automata[member].identity
            let id = machinery.automata[member].id
            return Member(id: id, connection: id, name: identity.name, publicKey: identity.publicKey)
        }
        return FlushView(
            id: ViewIdentifier(counter: counter + 1, hash: hash), members: members, transitionalSet: [], leaveSet: [],
            transcript: (try? Digest.sha256(writer.bytes + [1])) ?? [])
    }
}
