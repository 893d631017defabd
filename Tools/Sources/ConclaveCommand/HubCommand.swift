import ArgumentParser
import CConclave
import Glibc

struct HubCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "Run a hub, at which the members of groups on this machine meet.",
        discussion: """
            The hub puts messages in order and passes them on. It sees ciphertext and signed tokens only. It serves until \
            SIGINT or SIGTERM. Without --listen it serves on the one socket that a service manager has passed on, as \
            systemd does for a socket unit (LISTEN_PID, LISTEN_FDS); whose file it is decides who may connect.
            """)

    @Option(help: "The path of the Unix socket to listen on, of mode 0600; 107 bytes at most.", completion: .file())
    var listen: String?
    @Option(help: "How many clients may be connected at once.")
    var clientLimit: UInt32 = 1000

    func run() throws {
        let hub: Hub
        if let listen {
            hub = try Hub(.path(listen), clientLimit: clientLimit)
            wakeOnSignal(hub)
            Console.say("listening on local:\(listen)")
        } else {
            hub = try Hub(.descriptor(try Self.passedSocket()), clientLimit: clientLimit)
            wakeOnSignal(hub)
            Console.say("listening on the socket that was passed on")
        }
        try hub.run()
        let counters = try hub.counters()
        Console.say("ended after \(counters.messages) messages, \(counters.message_bytes) bytes")
    }

    /// The first descriptor that is passed on, by sd_listen_fds(3).
    private static let firstPassed: Int32 = 3

    private static func passedSocket() throws -> Int32 {
        guard number("LISTEN_PID") == getpid(), let count = number("LISTEN_FDS") else {
            throw ValidationError("where to listen: --listen PATH, or a socket from a service manager (LISTEN_FDS)")
        }
        guard count == 1 else { throw ValidationError("a hub takes one socket, and \(count) were passed on") }
        return firstPassed
    }

    private static func number(_ variable: String) -> Int32? {
        getenv(variable).flatMap { Int32(String(cString: $0)) }
    }
}
