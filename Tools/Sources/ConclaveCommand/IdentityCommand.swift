import ArgumentParser

struct IdentityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Make and show identities: a name and an Ed25519 key pair.",
        subcommands: [New.self, Show.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a fresh identity and write it to a new file of mode 0600.")

        @Argument(help: "The name that other members will see: 1 to 64 bytes.")
        var name: String
        @Option(help: "The file to write; one that exists is not overwritten.")
        var out: String
        @OptionGroup var passphrase: PassphraseOption

        func run() throws {
            let identity = try Identity(name: name)
            try identity.save(path: out, passphrase: try passphrase.read())
            try show(identity)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an identity's name, public key and fingerprint.",
            discussion: "The fingerprint is the SHA-256 of the public key: compare it with the key's owner.")

        @Argument(help: "The identity's file.", completion: .file())
        var file: String
        @OptionGroup var passphrase: PassphraseOption

        func run() throws {
            try show(try Identity(path: file, passphrase: try passphrase.read()))
        }
    }

    private static func show(_ identity: Identity) throws(Failure) {
        let key = try identity.publicKey()
        Console.say("name         \(printable(identity.name))")
        Console.say("key          \(base64(key.bytes))")
        Console.say("fingerprint  \(hexadecimal(try key.fingerprint()))")
    }
}

/// How an encrypted identity is opened.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: "A file that holds the passphrase of the identity; the end of its line does not count.",
        completion: .file())
    var passphraseFile: String?

    func read() throws(Failure) -> [UInt8]? {
        try readPassphrase(passphraseFile)
    }
}
