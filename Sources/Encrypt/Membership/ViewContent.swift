internal import Primitives

/// What the parts of a push carry: how each member gets the secret, and, sealed under it, who the members are.
struct ViewContent: Equatable {
    /// The secret wrapped for one member.
    struct Wrap: Equatable {
        /// The first eight bytes of the digest of its introduction.
        var tag: UInt64
        var wrapped: [UInt8]
    }

    /// The wraps for keys of one kind, all under one ephemeral value.
    struct WrapList: Equatable {
        var kind: WrappingKind
        var shared: [UInt8]
        var wraps: [Wrap]
    }

    /// Where a member gets the secret of the view.
    enum Source: Equatable {
        /// From a wrap for its own key: at most one list of each kind, in the order of their numbers.
        case wraps([WrapList])
        /// From its own key store, by this identifier.
        case keyStore([UInt8])
        /// From the coordinator, by an exchange outside of these messages: which members are meant, by the first eight
        /// bytes of their digests.
        case fetch([UInt64])
    }

    private enum SourceKind: UInt8 {
        case wraps = 1
        case keyStore = 2
        case fetch = 3
    }

    var source: Source
    /// A `ViewBody` under a key that follows from the secret.
    var sealedBody: [UInt8]

    func written() -> [UInt8] {
        var writer = ByteWriter(capacity: sealedBody.count + 1_024)
        switch source {
        case .wraps(let lists):
            writer.writeUInt8(SourceKind.wraps.rawValue)
            writer.writeUInt8(UInt8(truncatingIfNeeded: lists.count))
            for list in lists {
                writer.writeUInt8(list.kind.rawValue)
                writer.writeVector16(list.shared)
                writer.writeUInt16(UInt16(truncatingIfNeeded: list.wraps.count))
                for wrap in list.wraps {
                    writer.writeUInt64(wrap.tag)
                    writer.writeVector16(wrap.wrapped)
                }
            }
        case .keyStore(let identifier):
            writer.writeUInt8(SourceKind.keyStore.rawValue)
            writer.writeVector8(identifier)
        case .fetch(let tags):
            writer.writeUInt8(SourceKind.fetch.rawValue)
            writer.writeUInt16(UInt16(truncatingIfNeeded: tags.count))
            for tag in tags { writer.writeUInt64(tag) }
        }
        writer.writeVector32(sealedBody)
        return writer.bytes
    }

    /// What one member needs of a content: of a thousand wraps it is its own alone.
    struct Reading: Equatable {
        enum Source: Equatable {
            /// The member's wrap and the ephemeral value; nil when there is none for it.
            case wrap(WrapList?)
            case keyStore([UInt8])
            /// The key is to be fetched; `isMeant` is false when this push is for others.
            case fetch(isMeant: Bool)
        }

        var source: Source
        /// Shares the storage of the content.
        var sealedBody: ArraySlice<UInt8>
    }

    /// Reads a content for the member with a digest that begins with `tag` and whose key is of `kind`.
    static func read(_ bytes: ArraySlice<UInt8>, for tag: UInt64, _ kind: WrappingKind) throws(EncryptError) -> Reading
    {
        var reader = ByteReader(bytes)
        do throws(CodecError) {
            let source = try source(&reader, tag, kind)
            let size = Int(try reader.readUInt32())
            guard size <= ViewPart.contentLimit else { throw .badValue }
            let body = try reader.readSlice(size)
            try reader.finish()
            return Reading(source: source, sealedBody: body)
        } catch {
            throw .malformed
        }
    }

    private static func source(
        _ reader: inout ByteReader, _ tag: UInt64, _ kind: WrappingKind
    ) throws(CodecError) -> Reading.Source {
        guard let source = SourceKind(rawValue: try reader.readUInt8()) else { throw .badValue }
        switch source {
        case .keyStore: return .keyStore(try reader.readVector8(limit: 64))
        case .fetch:
            var isMeant = false
            for _ in 0..<(try reader.readUInt16()) {
                if try reader.readUInt64() == tag { isMeant = true }
            }
            return .fetch(isMeant: isMeant)
        case .wraps: break
        }
        var found: WrapList? = nil
        var last: UInt8 = 0
        for _ in 0..<(try reader.readUInt8()) {
            let number = try reader.readUInt8()
            guard number > last, let listKind = WrappingKind(rawValue: number) else { throw .badValue }
            last = number
            let shared = try reader.readVector16(limit: 1_024)
            let wrapped = try reader.readEntry(tag, among: Int(try reader.readUInt16()))
            guard let wrapped, listKind == kind else { continue }
            found = WrapList(kind: kind, shared: shared, wraps: [Wrap(tag: tag, wrapped: [UInt8](copying: wrapped))])
        }
        return .wrap(found)
    }
}
