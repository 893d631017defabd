@testable import Encrypt
@testable import Primitives

/// Who members say they are, and how they fetch keys. Certificates themselves are read by libcrypto: of evidence, what
/// is around them.
func admissionReaders() throws -> [Reader] {
    let identity = try seededIdentity("Ada")
    let secret = try PreSharedSecret(SecretBytes(copying: [UInt8](repeating: 5, count: 16).span))
    let introductions = try [WrappingKind.x25519, .p256].flatMap { (kind) throws in
        try [nil, secret].map { (secret) throws in
            try Credential(identity: identity, wrapping: kind, preSharedSecret: secret)
                .introduce(cluster: Array("orders".utf8), address: [1, 2, 3], entropy: .seeded(1)).introduction.bytes
        }
    }
    let evidence = CertificateEvidence(
        chain: [[UInt8](repeating: 0x30, count: 40), [0x30, 0]], signature: [UInt8](repeating: 7, count: 64))
    let digest = [UInt8](repeating: 9, count: 32)
    var request = KeyFetchRequest(cluster: Array("orders".utf8), counter: 7, member: digest, coordinator: digest)
    request.signature = [UInt8](repeating: 5, count: 64)
    let answers = [KeyFetchAnswer.Outcome.key(counter: 7, commitment: digest), .refused(.notMember)].map {
        var answer = KeyFetchAnswer(request: digest, outcome: $0)
        answer.signature = request.signature
        return answer.bytes
    }
    return [
        Reader("encrypt-introduction", introductions, read: readIntroduction),
        Reader("encrypt-evidence", [evidence.bytes]) { (bytes) throws in
            try CertificateEvidence(reading: bytes).bytes
        },
        Reader("encrypt-certificate", [Array(certificate.utf8), der(certificate)], read: readCertificates),
        Reader("key-fetch-request", [request.bytes]) { (bytes) throws in try KeyFetchRequest(reading: bytes).bytes },
        Reader("key-fetch-answer", answers) { (bytes) throws in try KeyFetchAnswer(reading: bytes).bytes },
    ]
}

/// What is read is never altered and authentic at the same time: only the golden ones are signed.
private func readIntroduction(_ bytes: [UInt8]) -> Outcome {
    guard let introduction = try? Introduction(reading: bytes) else { return .refused }
    guard introduction.bytes == bytes else { return .broken("keeps other bytes") }
    _ = introduction.isAuthentic(cluster: Array("orders".utf8))
    return .accepted
}

/// Certificates, and lists of revoked ones, in files. What is read may be altered: it is believed by nobody yet.
private func readCertificates(_ bytes: [UInt8]) -> Outcome {
    let store = try? CertificateStore(anchors: bytes, revocationLists: bytes)
    let certificate = try? Certificate(reading: bytes)
    guard store != nil || certificate != nil else { return .refused }
    if let certificate, certificate.bytes != bytes { return .broken("keeps other bytes") }
    if let store, let certificate { try? store.verify([certificate], now: 0) }
    return .accepted
}

/// DER of the first block of a PEM text.
private func der(_ text: String) -> [UInt8] {
    let lines = text.split(separator: "\n").dropFirst().prefix { !$0.hasPrefix("-") }
    return Base64.decode(Array(lines.joined().utf8)) ?? []
}

/// A certificate and a list that were valid for a day: they are here to be read, not to be believed.
private let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBojCCAUigAwIBAgIUUWrmwo1duE6zKYtQIjX29v7h32QwCgYIKoZIzj0EAwIw
    DjEMMAoGA1UEAwwDYWRhMB4XDTI2MTEyMTIwNTUxM1oXDTI2MTEyMjIwNTUxM1ow
    DjEMMAoGA1UEAwwDYWRhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4BhgW+8r
    DF+MpAcWFLmXhJng74W8WjXItoLeuP5ugKJssDKmOLWlDSwdlsXxfrz1D5nzyQ35
    UNNDQt52W6xgxqOBgzCBgDAdBgNVHQ4EFgQUQ+MNTAFTx6GM7kjMoM8YHQwJjOcw
    HwYDVR0jBBgwFoAUQ+MNTAFTx6GM7kjMoM8YHQwJjOcwDwYDVR0TAQH/BAUwAwEB
    /zAdBgNVHREEFjAUggthZGEuZXhhbXBsZYYFeDphZGEwDgYDVR0PAQH/BAQDAgGC
    MAoGCCqGSM49BAMCA0gAMEUCIBnoJYlNcUnW3stzB+Cigd/Xtt/9jxYZ91P0F6PV
    oisUAiEAsUkmPCRLglQw8CpM+EU6P0laTSEbDsTMosUmaxYmb8A=
    -----END CERTIFICATE-----
    -----BEGIN X509 CRL-----
    MIGkME0CAQEwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDYWRhFw0yNjExMjEyMDU1
    MTNaFw0yNjExMjIyMDU1MTNaoA4wDDAKBgNVHRQEAwIBATAKBggqhkjOPQQDAgNH
    ADBEAiBHnPiap8kcgfd5wVIoWIWw799zyw3E8HpfZr7vufe9PgIgXnkMn2tiRJXg
    PPauSezxLDTcRUK07P2JVLRD/z9tKNM=
    -----END X509 CRL-----

    """
