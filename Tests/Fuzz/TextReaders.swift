import Primitives

/// The files that people keep: trust stores and private keys.
func textReaders() throws -> [Reader] {
    var store = TrustStore()
    for name in ["Ada", "Bert", "Zürich · 東京", ""] {
        try store.add(try seededIdentity(name.isEmpty ? "nobody" : name).publicKey, label: name)
    }
    let text = store.serialized()
    let commented = Array("# whom we accept\r\n\r\n".utf8) + text.flatMap { $0 == 10 ? [13, 10] : [$0] }
    let plain = try seededIdentity("Ada").privateKeyPEM().withBytes { Array($0) }
    return [
        Reader("private-key", [plain, Array(encryptedKey.utf8)], acceptedCount: 1, read: readPrivateKey),
        Reader("trust-store", [text, commented], read: readTrustStore),
    ]
}

func seededIdentity(_ name: String) throws -> Identity {
    let seed = [UInt8](repeating: UInt8(truncatingIfNeeded: name.utf8.count), count: Identity.seedSize)
    return try Identity(name: name, seed: SecretBytes(copying: seed.span))
}

/// Comments and line ends are lost; what is left is read again as the same store.
private func readTrustStore(_ bytes: [UInt8]) -> Outcome {
    guard let store = try? TrustStore(parsing: bytes) else { return .refused }
    guard let again = try? TrustStore(parsing: store.serialized()) else { return .broken("does not read its own text") }
    return again == store ? .accepted : .broken("reads another store from its own text")
}

/// Without a passphrase: an encrypted key is refused, whatever else is wrong with it.
private func readPrivateKey(_ bytes: [UInt8]) -> Outcome {
    guard let identity = try? Identity(pem: SecretBytes(copying: bytes.span)) else { return .refused }
    guard let again = try? Identity(pem: identity.privateKeyPEM()) else { return .broken("does not read its own key") }
    return again.publicKey == identity.publicKey && again.name == identity.name
        ? .accepted : .broken("reads another identity from its own key")
}

private let encryptedKey = """
    Conclave-Name: Ada
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj9SKYj3y/KbQICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKFr0qbxygdOm34toaMveb4EQD5o
    20ZLJSWlY0dZabtGQci8fbTrR/giPuLlRvo1YHaAcwv1ZQEc66M6JMDXor+rVXk4
    MNvblSDvnG4hMmvIqXs=
    -----END ENCRYPTED PRIVATE KEY-----

    """
