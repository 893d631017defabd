import Foundation

/// What went wrong with the command that makes certificates.
public struct OpenSSLFailure: Error, CustomStringConvertible {
    public let description: String
}

/// A certificate with its private key, as files hold them.
public struct IssuedCertificate: Sendable {
    /// PEM: its own certificate first, then the intermediate ones.
    public let chain: [UInt8]
    /// PEM, not encrypted.
    public let privateKey: [UInt8]
    /// Its serial number.
    public let serial: Int

    public init(chain: [UInt8], privateKey: [UInt8], serial: Int) {
        self.chain = chain
        self.privateKey = privateKey
        self.serial = serial
    }
}

/// A certificate authority of a test, made anew in each run by the openssl command.
public final class Authority {
    public enum Key: String, Sendable {
        case p256 = "ec:prime256v1"
        case p384 = "ec:secp384r1"
        case rsa2048 = "rsa:2048"
        case rsa1024 = "rsa:1024"
        case ed25519 = "ed25519"
    }

    /// PEM of its own certificate.
    public private(set) var certificate: [UInt8] = []
    /// PEM of the intermediate certificates, its own first; empty at a root.
    private var intermediates: [UInt8] = []
    private let folder: URL
    private let name: String
    /// The serial number of its own certificate; 0 at a root.
    public private(set) var ownSerial = 0
    private var serial = 1
    private var revoked: [Int] = []

    /// A root that vouches for itself.
    public init(_ name: String = "authority") throws {
        self.name = name
        folder = try Self.newFolder()
        try makeKey(.p256, named: "ca")
        try write(Self.authorityExtensions, to: "ca.ext")
        try run(
            "req", "-new", "-x509", "-key", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=\(name)",
            "-sha256",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        certificate = try read("ca.pem")
    }

    /// An authority that another one vouches for.
    public init(_ name: String, under parent: Authority, isAuthority: Bool = true) throws {
        self.name = name
        folder = try Self.newFolder()
        let issued = try parent.issue(
            name, extensions: isAuthority ? Self.authorityExtensions : "basicConstraints=CA:FALSE\n")
        certificate = issued.chain
        intermediates = issued.chain
        ownSerial = issued.serial
        try write(issued.chain, to: "ca.pem")
        try write(issued.privateKey, to: "ca.key")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static let authorityExtensions =
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"

    /// Issues a certificate for a common name and alternative names, valid from now on for some days.
    public func issue(
        _ name: String, alternativeNames: String? = nil, key: Key = .p256, days: Int = 10,
        usage: String = "digitalSignature,keyEncipherment", extensions: String? = nil
    ) throws -> IssuedCertificate {
        serial += 1
        try makeKey(key, named: "member")
        try run("req", "-new", "-key", "member.key", "-out", "member.csr", "-subj", "/CN=\(name)")
        var lines = extensions ?? "basicConstraints=CA:FALSE\nkeyUsage=critical,\(usage)\n"
        if let alternativeNames { lines += "subjectAltName=\(alternativeNames)\n" }
        try write(lines, to: "member.ext")
        try run(
            "x509", "-req", "-in", "member.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", String(serial),
            "-days", String(days), "-sha256", "-extfile", "member.ext", "-out", "member.pem")
        return IssuedCertificate(
            chain: try read("member.pem") + intermediates, privateKey: try read("member.key"), serial: serial)
    }

    /// A certificate that vouches for itself.
    public static func selfSigned(_ name: String) throws -> IssuedCertificate {
        let maker = try Authority(name)
        return IssuedCertificate(chain: maker.certificate, privateKey: try maker.read("ca.key"), serial: 0)
    }

    /// Takes back what it issued, from the next list on.
    public func revoke(_ issued: IssuedCertificate) { revoked.append(issued.serial) }

    /// A revocation list, PEM, valid for some days.
    public func revocationList(days: Int = 10) throws -> [UInt8] {
        let lines = revoked.map { serial in
            let digits = String(serial, radix: 16, uppercase: true)
            return "R\t490101000000Z\t240101000000Z\t\(digits.count % 2 == 0 ? digits : "0" + digits)\tunknown\t/CN=x\n"
        }
        try write(lines.joined(), to: "index.txt")
        try write("01\n", to: "crlnumber")
        try write(
            """
            [ca]
            default_ca = here
            [here]
            database = index.txt
            crlnumber = crlnumber
            default_md = sha256
            """, to: "ca.cnf")
        try run(
            "ca", "-config", "ca.cnf", "-gencrl", "-crldays", String(days), "-keyfile", "ca.key", "-cert", "ca.pem",
            "-out", "list.pem")
        return try read("list.pem")
    }

    // MARK: - The command

    private func makeKey(_ key: Key, named name: String) throws {
        let parts = key.rawValue.split(separator: ":").map(String.init)
        var arguments = ["genpkey", "-out", "\(name).key", "-algorithm", parts[0].uppercased()]
        if parts.count == 2 {
            arguments += [
                "-pkeyopt", parts[0] == "rsa" ? "rsa_keygen_bits:\(parts[1])" : "ec_paramgen_curve:\(parts[1])",
            ]
        }
        try run(arguments)
    }

    private func run(_ arguments: String...) throws { try run(arguments) }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw OpenSSLFailure(
                description: "openssl \(arguments.joined(separator: " ")): \(String(decoding: text, as: UTF8.self))")
        }
    }

    private func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
    }

    private func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    private func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    private static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("conclave-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
