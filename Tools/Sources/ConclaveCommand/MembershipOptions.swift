import ArgumentParser
import CConclave

/// Which robust algorithm carries the key from view to view.
enum RobustAlgorithm: String, ExpressibleByArgument, CaseIterable {
    case optimized, basic

    /// The library's number for it.
    var number: UInt32 {
        switch self {
        case .optimized: UInt32(CONCLAVE_ALGORITHM_OPTIMIZED)
        case .basic: UInt32(CONCLAVE_ALGORITHM_BASIC)
        }
    }
}

/// How much a group tells of what it does.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case warning, info, debug

    /// The library's number for it.
    var number: UInt32 {
        switch self {
        case .warning: UInt32(CONCLAVE_LOG_WARNING)
        case .info: UInt32(CONCLAVE_LOG_INFO)
        case .debug: UInt32(CONCLAVE_LOG_DEBUG)
        }
    }
}

/// What every command needs that joins a group.
struct MembershipOptions: ParsableArguments {
    @Argument(help: "The group's name: 1 to 128 bytes.")
    var group: String
    @Option(help: "Where the members meet: `local:PATH`, a hub's socket, or `corosync:`, this machine's cluster.")
    var transport: String
    @Option(help: "The file of the identity to join as.", completion: .file())
    var identity: String
    @Option(help: "The file of the accepted keys.", completion: .file())
    var trust: String
    @Option(
        help:
            "The group's robust algorithm, the same at all members: optimized or basic (simpler, and slower to change)."
    )
    var algorithm = RobustAlgorithm.optimized
    @Option(help: "Keep the numbers of this membership in this file, for conclave status.", completion: .file())
    var status: String?
    @Option(help: "Tell on standard error what the group does: warning, info or debug.")
    var log: LogLevel?
    @Option(
        help:
            "The group's suite, the same at all members: a name of conclave bench --all, or how it begins: tgdh-p256.",
        transform: MembershipOptions.suite)
    var suite: UInt16?
    @OptionGroup var passphrase: PassphraseOption
    @Option(help: "Seconds after which a member that nobody has accepted gives up.")
    var admissionTimeout: UInt32 = 10

    func validate() throws {
        guard (1...86_400).contains(admissionTimeout) else {
            throw ValidationError("--admission-timeout is from 1 to 86400 seconds")
        }
    }

    private static func suite(_ text: String) throws -> UInt16 {
        let name = String(text.uppercased().map { $0 == "-" ? "_" : $0 })
        guard let suite = allSuites.first(where: { $0.name == name || $0.name.hasPrefix(name + "_") }) else {
            throw ValidationError("the library has no suite \(text)")
        }
        return suite.number
    }

    /// Joins; with `record`, what happens is written down in that file.
    func join(record: String? = nil) throws(Failure) -> Membership {
        let passphrase = try passphrase.read()
        let identity = try Identity(path: identity, passphrase: passphrase)
        let trust = try Trust(path: trust)
        let group = try Group(
            transport: transport, name: group, identity: identity, trust: trust, suite: suite, algorithm: algorithm,
            admissionTimeout: admissionTimeout * 1000, manualFlush: record != nil)
        if let log { try group.log(log) }
        let status = status.map { StatusFile(path: $0) }
        guard let record else { return try Membership(group, status: status) }
        let recorder = try Recorder(path: record, name: identity.name, group: self.group, algorithm: algorithm)
        return try Membership(group, recorder, status: status)
    }
}

extension Failure {
    /// What an ERROR event means to a command: being kept out is the end, all else goes by with a line.
    static func consider(_ failure: Failure, joined: Bool) throws(Failure) {
        if failure.status == CONCLAVE_E_NOT_ADMITTED, !joined { throw failure }
        Console.note("* \(printable(failure.message)) (\(failure.name))")
    }
}

extension View {
    /// The view in two lines or three: number and key, members, who came and who went.
    func describe() -> [String] {
        let names = members.map { printable($0.name) + ($0.isSelf ? " (you)" : "") }
        var lines = ["* view \(counter), key \(spoken(keyFingerprint))"]
        lines.append("*   members: \(names.joined(separator: ", "))")
        let joined = members.filter { $0.hasJoined && !$0.isSelf }.map { "joined: " + printable($0.name) }
        let left = self.left.map { "left: " + printable($0.name) }
        if !(joined + left).isEmpty { lines.append("*   " + (joined + left).joined(separator: ", ")) }
        return lines
    }
}
