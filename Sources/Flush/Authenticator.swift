internal import Primitives

/// What proves who made a control message (decision 15): a signature, or between members of one secure view a MAC under
/// a key derived from that view's key.
enum Authenticator: Equatable {
    case signature([UInt8])
    case code([UInt8])

    private static let signatureKind: UInt8 = 1
    private static let codeKind: UInt8 = 2

    func write(_ writer: inout ByteWriter) {
        switch self {
        case .signature(let bytes):
            writer.writeUInt8(Self.signatureKind)
            writer.writeRaw(bytes)
        case .code(let bytes):
            writer.writeUInt8(Self.codeKind)
            writer.writeRaw(bytes)
        }
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> Authenticator {
        switch try reader.readUInt8() {
        case signatureKind: return .signature(try reader.readRaw(Identity.signatureSize))
        case codeKind: return .code(try reader.readRaw(32))
        default: throw .badValue
        }
    }

    /// Bytes that an authenticator takes, by its kind byte at the end of a message; nil when the message is too short.
    static func split(_ bytes: [UInt8], _ authenticator: Authenticator) -> [UInt8] {
        let size: Int
        switch authenticator {
        case .signature: size = 1 + Identity.signatureSize
        case .code: size = 1 + 32
        }
        return FlushWire.domain + bytes.dropLast(size)
    }
}

/// The key of a secure view as the Flush layer uses it: for authentication codes among the members of that view.
final class FlushKey: @unchecked Sendable {
    private let members: PlaceIndex
    /// Nil when libcrypto had no memory for it: then every code fails with a clear error.
    private let key: AuthenticationKey?

    init(members: [UInt64], key: borrowing SecretBytes) {
        self.members = PlaceIndex(members)
        do throws(PrimitivesError) { self.key = try AuthenticationKey(key) } catch { self.key = nil }
    }

    func isShared(with member: UInt64) -> Bool { members.contains(member) }

    func code(over bytes: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        guard let key else { throw .cryptography }
        return try key.code(over: bytes)
    }
}
