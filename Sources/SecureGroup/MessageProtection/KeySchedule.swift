public import Flush
public import Primitives

/// What the records of one secure view are bound to: the group and the view. Every key derives from both, and each
/// record names both by a tag, so that a stray one is told from a forged one.
public struct ViewBinding: Equatable, Sendable {
    /// The view.
    public let view: ViewIdentifier
    /// SHA-256 of the group's name (32 bytes).
    public let groupHash: [UInt8]
    /// What records carry of it.
    let tags: RecordTags
    /// SHA-256 over group hash, view counter and view hash (32 bytes): the view's name on signed messages.
    let viewDigest: [UInt8]

    /// Binds to a view of a group.
    public init(group: String, view: ViewIdentifier) throws(PrimitivesError) {
        self.view = view
        groupHash = try Digest.sha256(Array(group.utf8))
        var writer = ByteWriter(capacity: 80)
        writer.writeRaw(groupHash)
        writer.writeUInt64(view.counter)
        writer.writeVector8(view.hash)
        viewDigest = try Digest.sha256(writer.bytes)
        tags = RecordTags(group: Self.tag(groupHash), view: Self.tag(viewDigest))
    }

    /// Group hash, view counter and view hash: the context of every derivation.
    var context: [UInt8] {
        var writer = ByteWriter(capacity: 96)
        writer.writeRaw(groupHash)
        writer.writeUInt64(view.counter)
        writer.writeVector8(view.hash)
        return writer.bytes
    }

    private static func tag(_ hash: [UInt8]) -> UInt64 {
        hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What every record says about where it belongs; plain numbers, so that a record costs no reference counting.
struct RecordTags: Equatable {
    /// The first eight bytes of the group's hash.
    let group: UInt64
    /// The first eight bytes of the view's digest.
    let view: UInt64
}

/// The keys of one secure view, derived from its secret (HKDF with SHA-256, RFC 5869):
///
///     view secret ──┬── "sealed record", view, sender, destination ──▶ one AEAD key a sender and audience
///                   ├── "flush control", view ──▶ the key of the Flush layer's MACs
///                   └── "exporter", view ──▶ exporter secret ── label, context ──▶ what applications export
///
/// Keys are derived when they are first used: a view of many silent members costs nothing.
public final class KeySchedule: Sendable {
    /// Bytes of a view secret.
    public static let secretSize = 32
    /// The most bytes that can be exported at once.
    public static let exportLimit = 255 * 32

    /// What the keys are bound to.
    public let binding: ViewBinding
    private let secret: SecretBytes
    private let algorithm: CipherAlgorithm

    /// Takes over the secret of a view (32 bytes).
    public init(
        secret: consuming SecretBytes, binding: ViewBinding, algorithm: CipherAlgorithm
    ) throws(SecureGroupError) {
        guard secret.count == Self.secretSize else { throw .primitives(.badSize) }
        self.secret = secret
        self.binding = binding
        self.algorithm = algorithm
    }

    /// The cipher of the records that `sender` seals for everybody (`destination` nil) or for one member.
    func cipher(sender: UInt64, destination: UInt64?, sealing: Bool) throws(SecureGroupError) -> AuthenticatedCipher {
        var writer = ByteWriter(capacity: 128)
        writer.writeRaw(binding.context)
        writer.writeUInt64(sender)
        writer.writeUInt8(destination == nil ? 0 : 1)
        writer.writeUInt64(destination ?? 0)
        do throws(PrimitivesError) {
            let key = try KeyDerivation.derive(
                from: secret, label: "conclave sealed record", context: writer.bytes,
                count: AuthenticatedCipher.keySize)
            return try AuthenticatedCipher(algorithm, key: key, sealing: sealing)
        } catch {
            throw .primitives(error)
        }
    }

    /// The key of the Flush layer's MACs while this view is the newest (32 bytes).
    public func flushControlKey() throws(SecureGroupError) -> SecretBytes {
        do throws(PrimitivesError) {
            return try KeyDerivation.derive(
                from: secret, label: "conclave flush control", context: binding.context, count: 32)
        } catch {
            throw .primitives(error)
        }
    }

    /// A key of the application's own (1 to 8,160 bytes): the same at every member of the view, and different for
    /// each label (at most 255 bytes), context (at most 64 KiB) and size.
    public func export(label: [UInt8], context: [UInt8], count: Int) throws(SecureGroupError) -> SecretBytes {
        guard (1...Self.exportLimit).contains(count), label.count <= 255, context.count <= 65_535 else {
            throw .badExport
        }
        var info = ByteWriter(capacity: label.count + context.count + 8)
        info.writeVector8(label)
        info.writeVector16(context)
        info.writeUInt16(UInt16(truncatingIfNeeded: count))
        do throws(PrimitivesError) {
            let exporter = try KeyDerivation.derive(
                from: secret, label: "conclave exporter", context: binding.context, count: 32)
            return try KeyDerivation.derive(
                from: exporter, label: "conclave export", context: info.bytes, count: count)
        } catch {
            throw .primitives(error)
        }
    }
}
