/// The messages of a file transfer. Each is one message of the group, in agreed order:
///
///     magic (4 bytes 00 43 46 31) | kind (1) | transfer (8, random) | body
///
///     1 begin   size of the file (8) | name, UTF-8 (1 to 255 bytes)
///     2 chunk   offset (8) | bytes (1 to 262,144)
///     3 end     SHA-256 of the file (32)
///     4 cancel  nothing: the sender gives up
///
/// Numbers are big-endian. The magic begins with a zero byte, which no line of a conversation does.
struct FileFrame: Equatable {
    enum Body: Equatable {
        case begin(size: UInt64, name: String)
        case chunk(offset: UInt64, bytes: ArraySlice<UInt8>)
        case end(digest: [UInt8])
        case cancel
    }

    static let chunkLimit = 262_144
    static let nameLimit = 255
    private static let magic: [UInt8] = [0, 0x43, 0x46, 0x31]
    private static let headerSize = 13

    let transfer: UInt64
    let body: Body

    /// Whether a message of the group claims to be a frame, well-formed or not.
    static func isFrame(_ message: [UInt8]) -> Bool {
        message.starts(with: magic)
    }

    init(transfer: UInt64, body: Body) {
        self.transfer = transfer
        self.body = body
    }

    /// nil for a message that is no well-formed frame.
    init?(_ message: [UInt8]) {
        guard Self.isFrame(message), message.count >= Self.headerSize else { return nil }
        transfer = Self.number(message[5..<13])
        let rest = message[13...]
        switch message[4] {
        case 1:
            guard (9...8 + Self.nameLimit).contains(rest.count) else { return nil }
            guard let name = String(validating: rest.dropFirst(8), as: UTF8.self) else { return nil }
            body = .begin(size: Self.number(rest.prefix(8)), name: name)
        case 2:
            guard (9...8 + Self.chunkLimit).contains(rest.count) else { return nil }
            body = .chunk(offset: Self.number(rest.prefix(8)), bytes: rest.dropFirst(8))
        case 3:
            guard rest.count == Digest.size else { return nil }
            body = .end(digest: Array(rest))
        case 4:
            guard rest.isEmpty else { return nil }
            body = .cancel
        default:
            return nil
        }
    }

    var message: [UInt8] {
        var message = Self.magic
        switch body {
        case .begin(let size, let name):
            message += [1] + Self.bytes(transfer) + Self.bytes(size) + Array(name.utf8)
        case .chunk(let offset, let bytes):
            message.reserveCapacity(Self.headerSize + 8 + bytes.count)
            message += [2] + Self.bytes(transfer) + Self.bytes(offset)
            message += bytes
        case .end(let digest):
            message += [3] + Self.bytes(transfer) + digest
        case .cancel:
            message += [4] + Self.bytes(transfer)
        }
        return message
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
