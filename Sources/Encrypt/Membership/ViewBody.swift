internal import Primitives

/// Who the members of a view are, in order. It travels sealed: who is not in the view learns no more than how many
/// there are.
struct ViewBody {
    /// A member: by its whole introduction where the receiver may not have it, by the digest otherwise.
    enum Entry {
        case introduction([UInt8])
        case digest(MemberDigest)
    }

    var entries: [Entry]

    func written() -> [UInt8] {
        var writer = ByteWriter(capacity: 40 * entries.count + 16)
        writer.writeUInt16(UInt16(truncatingIfNeeded: entries.count))
        for entry in entries {
            switch entry {
            case .digest(let digest):
                writer.writeUInt8(0)
                writer.writeDigest(digest)
            case .introduction(let bytes):
                writer.writeUInt8(1)
                writer.writeVector32(bytes)
            }
        }
        return writer.bytes
    }

    /// Reads a body entry by entry.
    struct Reading {
        private static let digestEntrySize = 1 + EncryptWire.digestSize

        /// How many entries the body has.
        let count: Int
        private var reader: ByteReader
        private var left: Int

        /// Throws `.malformed`, as `next` does.
        init(_ bytes: [UInt8]) throws(EncryptError) {
            reader = ByteReader(bytes)
            do throws(CodecError) { count = Int(try reader.readUInt16()) } catch { throw .malformed }
            guard (1...EncryptWire.memberLimit).contains(count) else { throw .malformed }
            left = count
        }

        /// The next entry; nil when there are no more, and nothing else follows.
        mutating func next() throws(EncryptError) -> Entry? {
            do throws(CodecError) {
                guard left > 0 else {
                    try reader.finish()
                    return nil
                }
                left -= 1
                guard try reader.readBool() else { return .digest(try .read(&reader)) }
                return .introduction(try reader.readVector32(limit: Introduction.sizeLimit))
            } catch {
                throw .malformed
            }
        }

        /// Passes over entries that name, by digest, the members of a list from a place on, one after the other: tells
        /// how many. Views mostly go on as the one before did, so that nearly all entries are compared where they lie.
        mutating func skip(_ members: [EncryptMember], from place: Int) -> Int {
            let limit = min(left, members.count - place)
            var skipped = 0
            unsafe reader.skip { (rest) in
                guard let start = rest.baseAddress else { return 0 }
                let limit = min(limit, rest.count / Self.digestEntrySize)
                while skipped < limit {
                    let entry = unsafe start + skipped * Self.digestEntrySize
                    guard unsafe entry.load(as: UInt8.self) == 0,
                        unsafe members[place + skipped].digest.isStored(at: entry + 1)
                    else { break }
                    skipped += 1
                }
                return skipped * Self.digestEntrySize
            }
            left -= skipped
            return skipped
        }
    }

    /// Seals it under a key that serves this push alone. Each push has an identifier of its own, so that the key is
    /// fresh although one secret may serve several pushes, or several views.
    func sealed(under secret: borrowing SecretBytes, push: PushContext) throws(EncryptError) -> [UInt8] {
        do throws(PrimitivesError) {
            let cipher = try AuthenticatedCipher(.aes256GCM, key: push.bodyKey(secret), sealing: true)
            let plaintext = written()
            var failure: PrimitivesError? = nil
            let size = plaintext.count + AuthenticatedCipher.tagSize
            let sealed = unsafe [UInt8](unsafeUninitializedCapacity: size) { (target, initialized) in
                guard let start = target.baseAddress else { return }
                do throws(PrimitivesError) {
                    unsafe try plaintext.withUnsafeBufferPointer { (plaintext) throws(PrimitivesError) in
                        unsafe try cipher.seal(
                            plaintext, nonce: 0, header: UnsafeBufferPointer(start: nil, count: 0), to: start)
                    }
                    initialized = size
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return sealed
        } catch {
            throw .primitives(error)
        }
    }

    /// Opens what `sealed` made. Throws `.badSeal` and `.malformed`.
    static func open(
        _ sealed: ArraySlice<UInt8>, under secret: borrowing SecretBytes, push: PushContext
    ) throws(EncryptError) -> Reading {
        let size = sealed.count - AuthenticatedCipher.tagSize
        guard size > 0 else { throw .malformed }
        let plaintext: [UInt8]
        do throws(PrimitivesError) {
            let cipher = try AuthenticatedCipher(.aes256GCM, key: push.bodyKey(secret), sealing: false)
            var failure: PrimitivesError? = nil
            plaintext = unsafe [UInt8](unsafeUninitializedCapacity: size) { (target, initialized) in
                do throws(PrimitivesError) {
                    unsafe try sealed.withUnsafeBufferPointer { (sealed) throws(PrimitivesError) in
                        unsafe try cipher.open(
                            sealed, nonce: 0, header: UnsafeBufferPointer(start: nil, count: 0),
                            to: target.baseAddress)
                    }
                    initialized = size
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            throw error == .notAuthentic ? .badSeal : .primitives(error)
        }
        return try Reading(plaintext)
    }
}

/// What the keys of one push are bound to, wraps and body alike.
struct PushContext {
    var cluster: ClusterName
    var counter: UInt64
    var coordinator: MemberDigest
    /// 16 random bytes.
    var push: [UInt8]

    private func begin() -> ByteWriter {
        var writer = ByteWriter(capacity: cluster.name.count + 100)
        writer.writeVector8(cluster.name)
        writer.writeUInt64(counter)
        writer.writeDigest(coordinator)
        writer.writeRaw(push)
        return writer
    }

    /// What a wrap for a member is bound to.
    func wrapping(for member: MemberDigest) -> [UInt8] {
        var writer = begin()
        writer.writeDigest(member)
        return writer.bytes
    }

    func bodyKey(_ secret: borrowing SecretBytes) throws(PrimitivesError) -> SecretBytes {
        try KeyDerivation.derive(
            from: secret, label: "conclave encrypt view", context: begin().bytes, count: AuthenticatedCipher.keySize)
    }
}
