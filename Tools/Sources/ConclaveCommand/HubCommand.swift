import ArgumentParser
import CConclave

struct HubCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "Run a hub, at which the members of groups on this machine meet.",
        discussion: """
            The hub puts messages in order and passes them on. It sees ciphertext and signed tokens only. It serves until \
            SIGINT or SIGTERM.
            """)

    @Option(help: "The path of the Unix socket to listen on, of mode 0600; 107 bytes at most.", completion: .file())
    var listen: String
    @Option(help: "How many clients may be connected at once.")
    var clientLimit: UInt32 = 1000

    func run() throws {
        let hub = try Hub(path: listen, clientLimit: clientLimit)
        wakeOnSignal(hub)
        Console.say("listening on local:\(listen)")
        try hub.run()
        let counters = try hub.counters()
        Console.say("ended after \(counters.messages) messages, \(counters.message_bytes) bytes")
    }
}
