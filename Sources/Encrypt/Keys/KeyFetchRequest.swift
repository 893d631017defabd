internal import Primitives

/// A member asks its coordinator, over TLS, for the key of a view: version, kind, cluster, counter of the view, digests
/// of both introductions, signature of the member's identity over all of that and over what is secret to the session.
public struct KeyFetchRequest: Equatable, Sendable {
    static let version: UInt8 = 1
    static let kind: UInt8 = 0x41
    /// Bytes of the longest request.
    static let sizeLimit = 2 + 1 + Introduction.clusterLimit + 8 + 2 * Introduction.digestSize + Identity.signatureSize

    /// The cluster's name.
    public let cluster: [UInt8]
    /// The view whose key is asked for; that of a later one will do.
    public let counter: UInt64
    /// Digest of the member's introduction.
    public let member: [UInt8]
    /// Digest of the introduction of the coordinator that is asked.
    public let coordinator: [UInt8]
    /// The signature of the member's identity.
    var signature: [UInt8] = []

    init(cluster: [UInt8], counter: UInt64, member: [UInt8], coordinator: [UInt8]) {
        self.cluster = cluster
        self.counter = counter
        self.member = member
        self.coordinator = coordinator
    }

    init(reading bytes: [UInt8]) throws(CodecError) {
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == Self.version, try reader.readUInt8() == Self.kind else { throw .badValue }
        cluster = try reader.readVector8()
        counter = try reader.readUInt64()
        member = try reader.readRaw(Introduction.digestSize)
        coordinator = try reader.readRaw(Introduction.digestSize)
        signature = try reader.readRaw(Identity.signatureSize)
        try reader.finish()
        guard Introduction.isValidCluster(cluster) else { throw .badValue }
    }

    var bytes: [UInt8] { unsigned + signature }

    private var unsigned: [UInt8] {
        var writer = ByteWriter(capacity: Self.sizeLimit)
        writer.writeUInt8(Self.version)
        writer.writeUInt8(Self.kind)
        writer.writeVector8(cluster)
        writer.writeUInt64(counter)
        writer.writeRaw(member)
        writer.writeRaw(coordinator)
        return writer.bytes
    }

    /// What is signed; `binding` is `TLSSession.binding`.
    func signedBytes(binding: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.sizeLimit + 64)
        writer.writeVector8(Array("conclave key fetch request".utf8))
        writer.writeVector8(binding)
        writer.writeRaw(unsigned)
        return writer.bytes
    }
}
