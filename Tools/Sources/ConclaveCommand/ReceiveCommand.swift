import ArgumentParser
import CConclave

struct ReceiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive", abstract: "Receive the files that members of a group send.",
        discussion: """
            Files are written to the directory and nowhere else, and none that is there is overwritten: a second `report` \
            becomes `report.1`. A file appears when all of it has arrived and its SHA-256 is right; then its digest and path \
            are printed, as sha256sum would. Without --count or --once, SIGINT or SIGTERM ends it.
            """)

    @OptionGroup var options: MembershipOptions
    @Argument(help: "The directory to write to.", completion: .directory)
    var directory: String
    @Option(help: "End after so many files.")
    var count: Int?
    @Flag(help: "End after one file.")
    var once = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is at least 1") }
        if count != nil, once { throw ValidationError("name either --count or --once") }
    }

    func run() throws {
        var inbox = Inbox(try Directory(directory))
        let membership = try options.join()
        let wanted = once ? 1 : count
        while inbox.receivedCount != wanted {
            switch try membership.next() {
            case .event(.view(let view)):
                view.describe().forEach { Console.note($0) }
                inbox.forget(gone: view.left)
            case .event(.message(let message)):
                guard message.sender != membership.view?.selfID else { continue }
                try inbox.take(message)
            case .event(.left(let reason)): throw reason
            case .event(.error(let failure)): try Failure.consider(failure, joined: membership.view != nil)
            case .interrupted:
                try membership.leave()
                guard let wanted else { return }
                throw Failure(
                    CONCLAVE_E_INTERRUPTED, "interrupted after \(inbox.receivedCount) of \(wanted) files")
            case .event, .input, .timedOut: break
            }
        }
        try membership.leave()
    }
}
