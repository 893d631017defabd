internal import Primitives

/// What is around every token, and signed with it: which protocol, kind, suite, group, view, run and list of members it
/// is for, who sent it to whom, and as his how manieth. Nothing recorded fits anywhere else.
///
///     version u8 · kind u8 · suite u16 · group vector8 · view 32 · run 32 · membership 32
///     sender u64 · destination u64 (0 = all) · sequence u32 · body vector32 · signature 64
struct TokenEnvelope: Equatable {
    /// The kinds of all agreements. Those of GDH are 1 to 4; of every other one the upper four bits are its number.
    enum Kind: UInt8, CaseIterable {
        // GDH
        case partialToken = 1
        case finalToken = 2
        case factorOutToken = 3
        case keyList = 4
        // CKD
        case controllerValue = 0x21
        case memberValue = 0x22
        case ckdKeyList = 0x23
        // TGDH
        case tgdhLeaf = 0x31
        case tgdhTree = 0x32
        case tgdhPath = 0x33
        case tgdhConfirmation = 0x34
        // STR
        case strLeaf = 0x41
        case strTree = 0x42
        case strPath = 0x43
        case strConfirmation = 0x44
        // BD
        case bdFirstValue = 0x51
        case bdSecondValue = 0x52
        case bdConfirmation = 0x53

        /// Whose token it is.
        var agreement: AgreementProtocol {
            switch self {
            case .partialToken, .finalToken, .factorOutToken, .keyList: .gdh
            case .tgdhLeaf, .tgdhTree, .tgdhPath, .tgdhConfirmation: .tgdh
            case .strLeaf, .strTree, .strPath, .strConfirmation: .str
            case .controllerValue, .memberValue, .ckdKeyList: .ckd
            case .bdFirstValue, .bdSecondValue, .bdConfirmation: .bd
            }
        }

        var audience: Audience {
            switch self {
            case .partialToken, .factorOutToken, .memberValue: .one
            case .finalToken, .keyList, .ckdKeyList, .bdFirstValue, .bdSecondValue, .bdConfirmation: .all
            case .tgdhLeaf, .tgdhTree, .tgdhPath, .tgdhConfirmation: .all
            case .strLeaf, .strTree, .strPath, .strConfirmation: .all
            case .controllerValue: .oneOrAll
            }
        }

        /// Whether it is sent AGREED: what installing depends on, so that whoever gets the message that ends the run
        /// has got all of that before. Every other token is sent FIFO.
        var isAgreed: Bool {
            switch self {
            case .tgdhLeaf, .tgdhTree, .tgdhPath, .tgdhConfirmation: true
            case .strLeaf, .strTree, .strPath, .strConfirmation: true
            case .partialToken, .finalToken, .factorOutToken, .controllerValue, .memberValue, .bdFirstValue: false
            case .keyList, .ckdKeyList, .bdSecondValue, .bdConfirmation: true
            }
        }
    }

    /// For whom a token is.
    enum Audience {
        case one, all, oneOrAll
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
