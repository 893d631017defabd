import ArgumentParser
import CConclave
import Glibc

@main
struct ConclaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conclave",
        abstract: "Secure group communication: identities, trust, a hub, conversations and files.",
        discussion: """
            Members of a group meet at a hub, agree on a key that each of them contributed to, and agree again whenever \
            somebody comes or goes. Make an identity for everybody, let everybody trust the keys of the others, start a \
            hub, and join:

              conclave identity new anna --out anna.pem
              conclave trust add --store trusted bert.pem
              conclave hub --listen /tmp/hub &
              conclave join planning --transport local:/tmp/hub --identity anna.pem --trust trusted

            EXIT STATUS
              0   done
              1   anything else went wrong; one line on standard error says what
              64  the command line is wrong
              69  the transport is unreachable, was lost or refuses
              77  the members do not accept this identity's key
            """,
        subcommands: [
            IdentityCommand.self, TrustCommand.self, HubCommand.self, JoinCommand.self, SendCommand.self,
            ReceiveCommand.self, StatusCommand.self, BenchCommand.self, TransportCheckCommand.self, VersionCommand.self,
        ])

    /// Every failure is one line on standard error and an exit status of the table above.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Console.note("conclave: \(printable(failure.message))")
            Glibc.exit(exitStatus(of: failure))
        } catch {
            end(error)
        }
    }

    /// Help goes out as it is; of a usage error, its sentence.
    private static func end(_ error: any Error) -> Never {
        let status = exitCode(for: error)
        guard !status.isSuccess else { exit(withError: error) }
        let sentence = message(for: error).split(separator: "\n").joined(separator: " ")
        if !sentence.isEmpty { Console.note("conclave: \(sentence) (see conclave --help)") }
        Glibc.exit(status.rawValue)
    }

    private static func exitStatus(of failure: Failure) -> Int32 {
        switch failure.status {
        case CONCLAVE_E_TRANSPORT_UNREACHABLE, CONCLAVE_E_TRANSPORT_LOST, CONCLAVE_E_TRANSPORT_REFUSED: EX_UNAVAILABLE
        case CONCLAVE_E_NOT_ADMITTED: EX_NOPERM
        case CONCLAVE_E_BAD_URL, CONCLAVE_E_BAD_TEXT: EX_USAGE
        default: EXIT_FAILURE
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of the library and the date of its interface.")

    func run() {
        let library = libraryVersion()
        Console.say("conclave \(library.version) (interface of \(library.interface))")
    }
}
