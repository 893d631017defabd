import ArgumentParser
import CConclave

struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send a file to all members of a group that receive files.",
        discussion: """
            The file travels in agreed order, encrypted like every message. At the end the SHA-256 of what was sent is \
            printed, as sha256sum would: compare it with what the receivers print.
            """)

    @OptionGroup var options: MembershipOptions
    @Argument(help: "The file to send.", completion: .file())
    var file: String
    @Option(help: "Wait until the group has so many members, this one included.")
    var members: Int = 2

    func validate() throws {
        guard members >= 1 else { throw ValidationError("--members is at least 1") }
    }

    func run() throws {
        let file = try File(reading: file)
        let size = try file.size()
        var sender = FileSender(try options.join(), file, size: size)
        try sender.awaitMembers(members)
        let digest = try sender.send()
        Console.say("\(hexadecimal(digest))  \(printable(self.file))")
    }
}

/// Sends one file.
private struct FileSender {
    private let membership: Membership
    private let file: File
    private let size: UInt64
    private let transfer = UInt64.random(in: 1...UInt64.max)
    private var progress: ProgressBar
    private var isDelivered = false

    init(_ membership: Membership, _ file: File, size: UInt64) {
        self.membership = membership
        self.file = file
        self.size = size
        progress = ProgressBar(label: "sending", total: size)
    }

    mutating func awaitMembers(_ count: Int) throws(Failure) {
        while (membership.view?.members.count ?? 0) < count {
            try turn(milliseconds: nil)
        }
    }

    /// Returns the digest of what was sent, after all of it was delivered to this member itself: from then on the
    /// others get it too, or are no longer members.
    mutating func send() throws(Failure) -> [UInt8] {
        do throws(Failure) {
            let digest = try sendContent()
            while !isDelivered { try turn(milliseconds: nil) }
            progress.end()
            try membership.leave()
            return digest
        } catch {
            progress.end()
            cancel()
            throw error
        }
    }

    private mutating func sendContent() throws(Failure) -> [UInt8] {
        let digest = try Digest()
        var offset: UInt64 = 0
        try post(.begin(size: size, name: baseName(file.path)))
        while offset < size {
            let bytes = try file.read(limit: Int(min(UInt64(FileFrame.chunkLimit), size - offset)))
            guard !bytes.isEmpty else { throw changed }
            try digest.add(bytes[...])
            try post(.chunk(offset: offset, bytes: bytes[...]))
            offset += UInt64(bytes.count)
            progress.show(offset)
        }
        guard try file.read(limit: 1).isEmpty else { throw changed }
        let result = try digest.finish()
        try post(.end(digest: result))
        return result
    }

    private var changed: Failure {
        Failure(CONCLAVE_E_IO, "\(file.path): changed its size while it was sent")
    }

    /// Sends a frame, however long the group needs to take it.
    private mutating func post(_ body: FileFrame.Body) throws(Failure) {
        let message = FileFrame(transfer: transfer, body: body).message
        while try !membership.group.send(message) {
            try turn(milliseconds: 50)
        }
    }

    /// Tells the receivers, if they can be told, that nothing more comes.
    private func cancel() {
        let message = FileFrame(transfer: transfer, body: .cancel).message
        if (try? membership.group.send(message)) == true { try? membership.leave() }
    }

    private mutating func turn(milliseconds: Int64?) throws(Failure) {
        switch try membership.next(milliseconds: milliseconds) {
        case .event(.left(let reason)): throw reason
        case .event(.error(let failure)): try Failure.consider(failure, joined: membership.view != nil)
        case .event(.message(let message)):
            guard message.sender == membership.view?.selfID, let frame = FileFrame(message.data) else { return }
            if frame.transfer == transfer, case .end = frame.body { isDelivered = true }
        case .interrupted: throw Failure(CONCLAVE_E_INTERRUPTED, "interrupted")
        case .event, .input, .timedOut: break
        }
    }
}

/// What stands behind the last slash.
private func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}
