import ArgumentParser
import CConclave

struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Say whose keys are accepted.",
        discussion: "A trust store is a text file with a line `ed25519 BASE64 LABEL` for each accepted key.",
        subcommands: [Add.self, Remove.self, List.self])

    struct Store: ParsableArguments {
        @Option(help: "The trust store's file.", completion: .file())
        var store: String
    }

    /// A key, from an identity's file or as `conclave identity show` prints it.
    struct Subject: ParsableArguments {
        @Argument(help: "The file of the identity whose key is meant.", completion: .file())
        var identityFile: String?
        @Option(help: "The key itself, as `conclave identity show` prints it.")
        var key: String?
        @OptionGroup var passphrase: PassphraseOption

        func validate() throws {
            guard (identityFile == nil) != (key == nil) else {
                throw ValidationError("name either an identity's file or a key with --key")
            }
            if let key, parsed(key) == nil { throw ValidationError("--key is not 32 bytes in base64") }
        }

        /// The key, and the name of its identity where that is known.
        func read() throws(Failure) -> (key: PublicKey, name: String?) {
            if let identityFile {
                let identity = try Identity(path: identityFile, passphrase: try passphrase.read())
                return (try identity.publicKey(), identity.name)
            }
            guard let key = parsed(key ?? "") else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "not a key") }
            return (key, nil)
        }

        private func parsed(_ text: String) -> PublicKey? {
            bytes(base64: text).flatMap { PublicKey($0) }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept a key; the store is made if there is none.")

        @OptionGroup var store: Store
        @OptionGroup var subject: Subject
        @Option(help: "What to call the key; the identity's name if not given.")
        var label: String?

        func validate() throws {
            if subject.key != nil, label == nil { throw ValidationError("--key needs a --label") }
        }

        func run() throws {
            let trust = try openOrMake(store.store)
            let (key, name) = try subject.read()
            try trust.add(key, label: label ?? name ?? "")
            try trust.save(path: store.store)
        }

        private func openOrMake(_ path: String) throws(Failure) -> Trust {
            do throws(Failure) {
                return try Trust(path: path)
            } catch {
                guard error.status == CONCLAVE_E_NOT_FOUND else { throw error }
                return try Trust()
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Accept a key no longer.")

        @OptionGroup var store: Store
        @OptionGroup var subject: Subject

        func run() throws {
            let trust = try Trust(path: store.store)
            let key = try subject.read().key
            do throws(Failure) {
                try trust.remove(key)
            } catch {
                guard error.status == CONCLAVE_E_NOT_FOUND else { throw error }
                throw Failure(error.status, "\(store.store): this key is not in the store")
            }
            try trust.save(path: store.store)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print key, fingerprint and label of each accepted key, separated by tabs.")

        @OptionGroup var store: Store

        func run() throws {
            for entry in try Trust(path: store.store).entries() {
                let fingerprint = hexadecimal(try entry.key.fingerprint())
                Console.say("\(base64(entry.key.bytes))\t\(fingerprint)\t\(printable(entry.label))")
            }
        }
    }
}
