internal import Primitives

/// What stands at the head of every message of this protocol: version, and kind.
enum EncryptWire {
    static let version: UInt8 = 1
    static let digestSize = 32
    static let nonceSize = 16
    static let clusterHashSize = 16
    /// Members of one view at most.
    static let memberLimit = 4_096

    /// The kinds of messages; a sealed record (`RecordHeader`) is one of them.
    enum Kind: UInt8 {
        case record = 1
        case joinRequest = 2
        case challenge = 3
        case answer = 4
        case refusal = 5
        case viewPart = 6
        case keyRequest = 7
        case leaveRequest = 8
        case announcement = 9
    }

    /// The kind that bytes say they are. Throws `.malformed` and `.unsupportedVersion`.
    static func kind(of bytes: ArraySlice<UInt8>) throws(EncryptError) -> Kind {
        let start = bytes.startIndex
        guard bytes.count > 2, let kind = Kind(rawValue: bytes[start + 1]) else { throw .malformed }
        guard bytes[start] == version else { throw .unsupportedVersion }
        return kind
    }
}

/// The cluster as control messages name it: by a hash in clear, and whole in what is signed.
struct ClusterName {
    let name: [UInt8]
    /// 16 bytes that tell clusters apart on a shared wire; they prove nothing.
    let hash: [UInt8]
    private let signaturePrefix: [UInt8]

    /// Throws `.badArgument` unless the name is 1 to 255 bytes of UTF-8.
    init(_ name: [UInt8]) throws(EncryptError) {
        guard (1...255).contains(name.count), String(validating: name, as: UTF8.self) != nil else { throw .badArgument }
        self.name = name
        var writer = ByteWriter()
        writer.writeVector8(Array("conclave encrypt cluster".utf8))
        writer.writeVector8(name)
        do throws(PrimitivesError) {
            hash = Array(try Digest.sha256(writer.bytes).prefix(EncryptWire.clusterHashSize))
        } catch {
            throw .primitives(error)
        }
        var prefix = ByteWriter()
        prefix.writeVector8(Array("conclave encrypt membership 1".utf8))
        prefix.writeVector8(name)
        signaturePrefix = prefix.bytes
    }

    private func prefixed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var signed: [UInt8] = []
        signed.reserveCapacity(signaturePrefix.count + bytes.count)
        signed.append(copying: signaturePrefix)
        signed.append(copying: bytes)
        return signed
    }

    /// Begins a message.
    func begin(_ kind: EncryptWire.Kind, room: Int = 256) -> ByteWriter {
        var writer = ByteWriter(capacity: room)
        writer.writeUInt8(EncryptWire.version)
        writer.writeUInt8(kind.rawValue)
        writer.writeRaw(hash)
        return writer
    }

    /// Ends a message with its sender's signature over label, cluster and all bytes so far, version and kind included.
    func sign(_ writer: ByteWriter, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = writer
        do throws(PrimitivesError) {
            writer.writeRaw(try identity.sign(prefixed(writer.bytes[...])))
        } catch {
            throw .primitives(error)
        }
        return writer.bytes
    }

    /// Reads a whole message of one kind: the fields, then nothing more. Throws `.malformed` and `.wrongCluster`.
    func read<Fields>(
        _ bytes: ArraySlice<UInt8>, _ kind: EncryptWire.Kind, _ fields: (inout ByteReader) throws(CodecError) -> Fields
    ) throws(EncryptError) -> Fields {
        guard try EncryptWire.kind(of: bytes) == kind else { throw .malformed }
        var reader = ByteReader(bytes)
        do throws(CodecError) {
            _ = try reader.readUInt16()
            guard try reader.readRaw(EncryptWire.clusterHashSize) == hash else { throw .badValue }
        } catch {
            throw error == .badValue ? .wrongCluster : .malformed
        }
        do throws(CodecError) {
            let result = try fields(&reader)
            try reader.finish()
            return result
        } catch {
            throw .malformed
        }
    }

    /// The same for a signed message, whose signature is yet to be verified by the key of the sender that it names. It
    /// is copied once, to stand behind what is signed before it; fields that are slices share that copy.
    func readSigned<Fields>(
        _ bytes: [UInt8], _ kind: EncryptWire.Kind, _ fields: (inout ByteReader) throws(CodecError) -> Fields
    ) throws(EncryptError) -> Signed<Fields> {
        let size = bytes.count - Identity.signatureSize
        guard size > 0 else { throw .malformed }
        let signedBytes = prefixed(bytes[..<size])
        return Signed(
            fields: try read(signedBytes[signaturePrefix.count...], kind, fields), signedBytes: signedBytes,
            signature: [UInt8](copying: bytes[size...]))
    }
}

/// A message that was read and not verified yet: its fields count once it is known whose signature it must bear.
struct Signed<Fields> {
    /// Good for finding out who is to have signed; nothing else before `verified`.
    let fields: Fields
    fileprivate let signedBytes: [UInt8]
    fileprivate let signature: [UInt8]

    /// The fields, if the signature is that of the key. Throws `.badSignature`.
    func verified(by publicKey: [UInt8]) throws(EncryptError) -> Fields {
        guard
            Identity.verify(publicKey: publicKey, signature: signature, message: signedBytes)
                || isBroken(.encryptSignaturesAreNotVerified)
        else { throw .badSignature }
        return fields
    }
}

/// The digest of an introduction, as four numbers: looked up and compared a thousand times for a view.
public struct MemberDigest: Hashable, Comparable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    private init(_ reader: inout ByteReader) throws(CodecError) {
        words = (
            try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt64()
        )
    }

    /// From 32 bytes; nil for any other number of them.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == EncryptWire.digestSize else { return nil }
        var reader = ByteReader(bytes)
        do throws(CodecError) { try self.init(&reader) } catch { return nil }
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> MemberDigest { try MemberDigest(&reader) }

    /// Its first eight bytes, by which a member finds its own wrap among a thousand.
    var tag: UInt64 { words.0 }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(capacity: EncryptWire.digestSize)
        writer.writeDigest(self)
        return writer.bytes
    }

    fileprivate func write(_ writer: inout ByteWriter) {
        writer.writeUInt64(words.0)
        writer.writeUInt64(words.1)
        writer.writeUInt64(words.2)
        writer.writeUInt64(words.3)
    }

    /// Writes the 32 bytes to memory that has room for them.
    @unsafe
    func store(to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: words.0.bigEndian, as: UInt64.self)
        unsafe target.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe target.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
        unsafe target.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// Whether the 32 bytes of some memory are these.
    @unsafe
    func isStored(at source: UnsafeRawPointer) -> Bool {
        unsafe source.loadUnaligned(as: UInt64.self) == words.0.bigEndian
            && source.loadUnaligned(fromByteOffset: 8, as: UInt64.self) == words.1.bigEndian
            && source.loadUnaligned(fromByteOffset: 16, as: UInt64.self) == words.2.bigEndian
            && source.loadUnaligned(fromByteOffset: 24, as: UInt64.self) == words.3.bigEndian
    }

    public static func == (first: MemberDigest, second: MemberDigest) -> Bool { first.words == second.words }
    public static func < (first: MemberDigest, second: MemberDigest) -> Bool { first.words < second.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension ByteWriter {
    mutating func writeDigest(_ digest: MemberDigest) { digest.write(&self) }
}
