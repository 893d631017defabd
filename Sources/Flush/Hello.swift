internal import Primitives

/// A connection introduces itself in a configuration: multicast AGREED, always signed (decision 13).
struct Hello: Equatable {
    var suite: UInt16
    /// The robust algorithm of the layer above: 1 optimized, 2 basic.
    var algorithm: UInt8
    /// The transport configuration in which it is sent.
    var configuration: UInt64
    /// The connection that sends it.
    var connection: UInt64
    var incarnation: UInt64
    var publicKey: [UInt8]
    var name: String
    /// Fresh for every hello; mixed into the transcript and so into every run.
    var nonce: [UInt8]
    /// The VS view its sender is in; nil for a newcomer.
    var view: ViewIdentifier?
    /// The sender's place in that view's order of seniority.
    var place: UInt16
    /// Equal at two connections only if they moved together since that view.
    var lineage: [UInt8]

    /// Nothing but the bytes up to the signature.
    func unsigned(group: [UInt8]) -> ByteWriter {
        var writer = FlushWire.begin(.hello, group: group)
        writer.writeUInt16(suite)
        writer.writeUInt8(algorithm)
        writer.writeUInt64(configuration)
        writer.writeUInt64(connection)
        writer.writeUInt64(incarnation)
        writer.writeRaw(publicKey)
        writer.writeVector8([UInt8](name.utf8))
        writer.writeRaw(nonce)
        writer.writeView(view)
        writer.writeUInt16(place)
        writer.writeRaw(lineage)
        return writer
    }

    func signed(group: [UInt8], by identity: Identity) throws(PrimitivesError) -> [UInt8] {
        var writer = unsigned(group: group)
        Authenticator.signature(try identity.sign(FlushWire.domain + writer.bytes)).write(&writer)
        return writer.bytes
    }

    /// Reads a hello and its signature, which is yet to be verified by the key that the hello carries.
    static func read(_ bytes: [UInt8], group: [UInt8]) throws(FlushError) -> (Hello, Authenticator) {
        var reader = ByteReader(bytes)
        try FlushWire.readHead(&reader, .hello, group: group)
        do throws(CodecError) {
            let hello = try fields(&reader)
            let authenticator = try Authenticator.read(&reader)
            // A newcomer shares no key with anybody: a hello is always signed.
            guard case .signature = authenticator else { throw .badValue }
            try reader.finish()
            return (hello, authenticator)
        } catch {
            throw .malformed(error)
        }
    }

    private static func fields(_ reader: inout ByteReader) throws(CodecError) -> Hello {
        let hello = Hello(
            suite: try reader.readUInt16(), algorithm: try reader.readUInt8(),
            configuration: try reader.readUInt64(), connection: try reader.readUInt64(),
            incarnation: try reader.readUInt64(),
            publicKey: try reader.readRaw(Identity.publicKeySize), name: try name(&reader),
            nonce: try reader.readRaw(FlushWire.hashSize), view: try reader.readView(),
            place: try reader.readUInt16(), lineage: try reader.readRaw(FlushWire.hashSize))
        guard hello.incarnation != 0, hello.connection != 0 else { throw .badValue }
        return hello
    }

    private static func name(_ reader: inout ByteReader) throws(CodecError) -> String {
        let bytes = try reader.readVector8(limit: FlushWire.nameLimit)
        do throws(PrimitivesError) { return try Identity.name(from: bytes) } catch { throw .badValue }
    }
}
