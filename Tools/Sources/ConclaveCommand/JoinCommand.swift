import ArgumentParser
import CConclave
import Glibc

struct JoinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Hold a conversation with a group.",
        discussion: """
            Each line of standard input goes to all members; each message of a member becomes a line of standard output. \
            Lines that begin with * tell of views: members, the fingerprint of the view's key, which is the same at all of \
            them, who came, who went, and whom the group waits for. The end of the input, SIGINT or SIGTERM leaves the group.
            """)

    @OptionGroup var options: MembershipOptions
    @Option(help: "Write down what happens, but not what is said, in this file, as JSON lines.", completion: .file())
    var record: String?

    func run() throws {
        var conversation = Conversation(try options.join(record: record))
        try conversation.hold()
    }
}

/// A conversation between the lines of standard input and a group.
private struct Conversation {
    private static let lineLimit = 65_536
    private let membership: Membership
    private var unfinished: [UInt8] = []
    private var lines: [[UInt8]] = []
    private var inputHasEnded = false
    private var awaited: [String] = []

    init(_ membership: Membership) {
        self.membership = membership
    }

    mutating func hold() throws(Failure) {
        Console.say("* joining")
        while true {
            try sendLines()
            if inputHasEnded, lines.isEmpty, membership.view != nil { return try end() }
            let reads = !inputHasEnded && lines.isEmpty
            switch try membership.next(milliseconds: lines.isEmpty ? 1000 : 50, readsInput: reads) {
            case .event(let event): if try take(event) { return }
            case .input: readInput()
            case .interrupted: return try end()
            case .timedOut: try tellWaiting()
            }
        }
    }

    private func end() throws(Failure) {
        if membership.view != nil { try membership.leave() }
        Console.say("* left")
    }

    /// Whether the membership is over.
    private mutating func take(_ event: Event) throws(Failure) -> Bool {
        switch event {
        case .flushRequest, .transitionalSignal: break
        case .view(let view):
            awaited = []
            view.describe().forEach { Console.say($0) }
        case .message(let message): show(message)
        case .error(let failure): try Failure.consider(failure, joined: membership.view != nil)
        case .left(let reason):
            guard reason.status == CONCLAVE_OK || reason.status == CONCLAVE_E_LEFT else { throw reason }
            return true
        }
        return false
    }

    private func show(_ message: Message) {
        let name = printable(message.senderName)
        guard FileFrame.isFrame(message.data) else {
            return Console.say("<\(name)> \(printable(String(decoding: message.data, as: UTF8.self)))")
        }
        if case .begin(let size, let file)? = FileFrame(message.data)?.body {
            Console.say("* \(name) sends \(printable(file)), \(readable(size))")
        }
    }

    private mutating func tellWaiting() throws(Failure) {
        let names = try membership.group.waitingFor().map { printable($0.name) }
        if names != awaited, !names.isEmpty { Console.say("* waiting for: \(names.joined(separator: ", "))") }
        awaited = names
    }

    /// Lines that cannot go out now stay for the next turn.
    private mutating func sendLines() throws(Failure) {
        guard membership.view != nil else { return }
        while let line = lines.first, try membership.send(line) {
            lines.removeFirst()
        }
    }

    private mutating func readInput() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        if count <= 0 {
            inputHasEnded = true
            if !unfinished.isEmpty { finishLine() }
            return
        }
        for byte in buffer[..<count] {
            if byte == UInt8(ascii: "\n") {
                finishLine()
            } else {
                unfinished.append(byte)
                if unfinished.count == Self.lineLimit { finishLine() }
            }
        }
    }

    private mutating func finishLine() {
        if !unfinished.isEmpty { lines.append(unfinished) }
        unfinished = []
    }
}
