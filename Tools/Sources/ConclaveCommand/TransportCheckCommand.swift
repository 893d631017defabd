import ArgumentParser
import CConclave

struct TransportCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transport-check", abstract: "Try a transport out against the contract that groups rely on.",
        discussion: """
            Opens several members of groups of random names over the transport in this process, lets them talk, come, go \
            and fall silent, and checks what they are told. Each check is a line; the exit status is 1 when one did not \
            hold. What needs a network to part cannot be tried by one process.
            """)

    @Argument(help: "The transport: `local:PATH`, a hub's socket, or `corosync:`.")
    var url: String
    @Option(help: "Members that take part, 2 to 64, besides those who come and go.")
    var members: UInt32 = 4
    @Option(help: "Messages that each of them sends where order is checked, 1 to 100,000.")
    var messages: UInt32 = 200
    @Option(help: "Milliseconds after which what has not come is missing.")
    var stepTimeout: UInt32 = 10_000

    func run() throws {
        var options = conclave_transport_check_options()
        try check(
            conclave_transport_check_options_init(&options, MemoryLayout<conclave_transport_check_options>.size))
        options.member_count = members
        options.message_count = messages
        options.step_timeout_ms = stepTimeout
        try reported { [options] error in
            withUnsafePointer(to: options) { options in
                conclave_transport_check(url, nil, options, tell, nil, error)
            }
        }
        Console.say("every check held")
    }
}

/// A line for each check.
private func tell(
    _: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ held: Bool, _ detail: UnsafePointer<CChar>?
) {
    Console.say(held ? "ok      \(text(name))" : "FAILED  \(text(name)): \(text(detail))")
}
