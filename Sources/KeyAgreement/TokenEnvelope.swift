internal import Primitives

/// What is around every token, and signed with it: which protocol, kind, suite, group, view, run and list of members it
/// is for, who sent it to whom, and as his how manieth. Nothing recorded fits anywhere else.
///
///     version u8 · kind u8 · suite u16 · group vector8 · view 32 · run 32 · membership 32
///     sender u64 · destination u64 (0 = all) · sequence u32 · body vector32 · signature 64
struct TokenEnvelope: Equatable {
    enum Kind: UInt8 {
        case partialToken = 1
        case finalToken = 2
        case factorOutToken = 3
        case keyList = 4

        /// Whether a token of this kind goes to everybody.
        var isMulticast: Bool {
            switch self {
            case .partialToken, .factorOutToken: false
            case .finalToken, .keyList: true
            }
        }
    }

    static let protocolVersion: UInt8 = 1
    /// Room for a key list of the largest run in the largest group of numbers.
    static let bodyLimit = 1 << 20
    private static var signatureLabel: [UInt8] { Array("Conclave agreement token".utf8) }

    var kind: Kind
    var suite: UInt16
    var group: [UInt8]
    var view: [UInt8]
    var run: [UInt8]
    var membership: [UInt8]
    var sender: UInt64
    var destination: UInt64
    var sequence: UInt32
    var body: [UInt8]
    var signature: [UInt8] = []

    /// What the signature is made over: a label, so that no signature of another part of the library fits, and all that
    /// stands before the signature.
    var signedBytes: [UInt8] {
        var writer = ByteWriter(capacity: body.count + 320)
        writer.writeVector8(Self.signatureLabel)
        write(to: &writer)
        return writer.bytes
    }

    /// The token.
    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: body.count + 320)
        write(to: &writer)
        writer.writeRaw(signature)
        return writer.bytes
    }

    private func write(to writer: inout ByteWriter) {
        writer.writeUInt8(Self.protocolVersion)
        writer.writeUInt8(kind.rawValue)
        writer.writeUInt16(suite)
        writer.writeVector8(group)
        writer.writeRaw(view)
        writer.writeRaw(run)
        writer.writeRaw(membership)
        writer.writeUInt64(sender)
        writer.writeUInt64(destination)
        writer.writeUInt32(sequence)
        writer.writeVector32(body)
    }
}

extension TokenEnvelope {
    /// Reads a token; the signature is not verified here.
    init(reading token: [UInt8]) throws(AgreementError) {
        // Another version may look different from its second byte on, so that nothing else is read of it.
        guard let version = token.first else { throw .malformed }
        guard version == Self.protocolVersion else { throw .unsupportedVersion }
        do throws(CodecError) {
            var reader = ByteReader(token.dropFirst())
            guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .badValue }
            self.kind = kind
            suite = try reader.readUInt16()
            group = try reader.readVector8(limit: AgreementRun.groupNameLimit)
            view = try reader.readRaw(AgreementRun.identifierSize)
            run = try reader.readRaw(AgreementRun.identifierSize)
            membership = try reader.readRaw(32)
            sender = try reader.readUInt64()
            destination = try reader.readUInt64()
            sequence = try reader.readUInt32()
            body = try reader.readVector32(limit: Self.bodyLimit)
            signature = try reader.readRaw(Identity.signatureSize)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
