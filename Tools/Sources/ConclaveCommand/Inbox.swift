import CConclave
import Glibc

/// The files that are on their way, and the directory that they come to.
struct Inbox {
    /// One member may have so many files on their way at once.
    private static let transferLimit = 8

    private struct Key: Hashable {
        let sender: UInt64
        let transfer: UInt64
    }

    private let directory: Directory
    private var transfers: [Key: Transfer] = [:]
    private(set) var receivedCount = 0

    init(_ directory: Directory) {
        self.directory = directory
    }

    /// Takes a message of the group; what is no file is passed over. A full disk is the end, since no other file would
    /// fit.
    mutating func take(_ message: Message) throws(Failure) {
        guard FileFrame.isFrame(message.data) else { return }
        let sender = printable(message.senderName)
        guard let frame = FileFrame(message.data) else { return Console.note("* \(sender) sent a malformed frame") }
        let key = Key(sender: message.sender, transfer: frame.transfer)
        do throws(Failure) {
            try take(frame, key, sender)
        } catch {
            drop(key)
            guard error.status == CONCLAVE_E_MALFORMED else { throw error }
            Console.note("* a file of \(sender) was given up: \(error.message)")
        }
    }

    /// A member that is gone sends nothing more.
    mutating func forget(gone members: [Member]) {
        let ids = members.map(\.id)
        for (key, transfer) in transfers where ids.contains(key.sender) {
            Console.note("* \(transfer.name): the sender is gone, the file is given up")
            drop(key)
        }
    }

    private mutating func take(_ frame: FileFrame, _ key: Key, _ sender: String) throws(Failure) {
        switch frame.body {
        case .begin(let size, let name):
            try begin(key, size: size, name: name, sender)
        case .chunk(let offset, let bytes):
            // A transfer that began before this member came, or that was given up.
            guard let transfer = transfers[key] else { return }
            try transfer.add(bytes, at: offset)
        case .end(let digest):
            guard let transfer = transfers[key] else { return }
            let path = try transfer.finish(digest)
            transfers[key] = nil
            receivedCount += 1
            Console.say("\(hexadecimal(digest))  \(path)")
        case .cancel:
            guard let transfer = transfers[key] else { return }
            Console.note("* \(transfer.name): \(sender) gave up")
            drop(key)
        }
    }

    private mutating func begin(_ key: Key, size: UInt64, name: String, _ sender: String) throws(Failure) {
        guard transfers[key] == nil else { throw Failure(CONCLAVE_E_MALFORMED, "it began twice") }
        guard transfers.keys.count(where: { $0.sender == key.sender }) < Self.transferLimit else {
            throw Failure(CONCLAVE_E_MALFORMED, "too many files at once")
        }
        guard let safe = Directory.safeName(name) else {
            throw Failure(CONCLAVE_E_MALFORMED, "its name, \(printable(name)), is not fit for a file")
        }
        Console.note("* \(sender) sends \(safe), \(readable(size))")
        transfers[key] = try Transfer(directory, name: safe, size: size)
    }

    private mutating func drop(_ key: Key) {
        transfers.removeValue(forKey: key)?.discard()
    }
}

/// A directory, held open, so that nobody can move it from under the files.
final class Directory {
    fileprivate let descriptor: Int32
    fileprivate let path: String

    init(_ path: String) throws(Failure) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        self.path = path
        if descriptor < 0 { throw Failure.system(path) }
    }

    deinit { close(descriptor) }

    /// The name under which a file may be kept: one component without control characters, and not hidden. nil when
    /// nothing can be made of it.
    static func safeName(_ name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= 240, name != ".", name != "..", !name.contains("/"),
            printable(name) == name
        else { return nil }
        return name.hasPrefix(".") ? "_" + name : name
    }

    fileprivate func create(_ name: String) throws(Failure) -> File {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw Failure.system("\(path)/\(name)") }
        return File(descriptor: file, path: "\(path)/\(name)")
    }

    /// Gives a file its name, with a number when the name is taken. Returns the path.
    fileprivate func rename(_ old: String, to name: String) throws(Failure) -> String {
        for number in 0..<10_000 {
            let candidate = number == 0 ? name : "\(name).\(number)"
            if linkat(descriptor, old, descriptor, candidate, 0) == 0 {
                remove(old)
                return "\(path)/\(candidate)"
            }
            guard errno == EEXIST else { throw Failure.system("\(path)/\(candidate)") }
        }
        throw Failure(CONCLAVE_E_FILE_EXISTS, "\(path)/\(name): too many files of this name")
    }

    fileprivate func remove(_ name: String) {
        unlinkat(descriptor, name, 0)
    }
}

/// A file on its way: a hidden file until all of it is there.
private final class Transfer {
    let name: String
    private let directory: Directory
    private let temporaryName: String
    private let file: File
    private let size: UInt64
    private let digest: Digest
    private var offset: UInt64 = 0
    private var progress: ProgressBar
    private var isOver = false

    init(_ directory: Directory, name: String, size: UInt64) throws(Failure) {
        self.directory = directory
        self.name = name
        self.size = size
        digest = try Digest()
        temporaryName = ".conclave-\(hexadecimal((0..<8).map { _ in UInt8.random(in: 0...255) }))"
        file = try directory.create(temporaryName)
        progress = ProgressBar(label: name, total: size)
    }

    deinit { discard() }

    func add(_ bytes: ArraySlice<UInt8>, at start: UInt64) throws(Failure) {
        guard start == offset, UInt64(bytes.count) <= size - offset else {
            throw Failure(CONCLAVE_E_MALFORMED, "\(name): a piece is missing or too many have come")
        }
        try file.write(bytes)
        try digest.add(bytes)
        offset += UInt64(bytes.count)
        progress.show(offset)
    }

    /// Returns the file's path.
    func finish(_ expected: [UInt8]) throws(Failure) -> String {
        progress.end()
        guard offset == size else { throw Failure(CONCLAVE_E_MALFORMED, "\(name): its end is missing") }
        guard try digest.finish() == expected else { throw Failure(CONCLAVE_E_MALFORMED, "\(name): wrong SHA-256") }
        let path = try directory.rename(temporaryName, to: name)
        isOver = true
        return path
    }

    func discard() {
        guard !isOver else { return }
        isOver = true
        progress.end()
        directory.remove(temporaryName)
    }
}
