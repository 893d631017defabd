internal import Primitives

/// The coordinator says which view is the current one, again and again: so who missed its push finds out although
/// nobody speaks. It gives no key and changes nothing; it can only lead to a key request.
struct Announcement: Equatable {
    var coordinator: MemberDigest
    var counter: UInt64
    /// The identifier of the view's epoch.
    var epoch: [UInt8]

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.announcement)
        writer.writeDigest(coordinator)
        writer.writeUInt64(counter)
        writer.writeRaw(epoch)
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<Announcement> {
        try cluster.readSigned(bytes, .announcement) { (reader) throws(CodecError) in
            let announcement = Announcement(
                coordinator: try .read(&reader), counter: try reader.readUInt64(),
                epoch: try reader.readRaw(Epoch.identifierSize))
            guard announcement.counter <= HeldView.counterLimit else { throw .badValue }
            return announcement
        }
    }
}
