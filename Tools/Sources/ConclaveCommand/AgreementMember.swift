import CConclave

/// One member's part of a key agreement, with a new identity.
final class AgreementMember {
    let id: UInt64
    let participant: conclave_participant
    private let identity: Identity
    private let handle: OpaquePointer

    init(suite: conclave_suite, id: UInt64) throws(Failure) {
        self.id = id
        let identity = try Identity(name: "member")
        handle = try opened { conclave_agreement_new(suite, identity.handle, id, $0, $1) }
        var participant = conclave_participant()
        participant.id = id
        try check(
            withUnsafeMutableBytes(of: &participant.public_key) { bytes in
                conclave_identity_public_key(identity.handle, bytes.bindMemory(to: UInt8.self).baseAddress)
            })
        self.participant = participant
        self.identity = identity
    }

    deinit { conclave_agreement_free(handle) }

    /// Begins a run among participants, of whom the first ones continue.
    func begin(run: UInt8, _ participants: [conclave_participant], continuing: Int) throws(Failure) {
        var membership = conclave_membership()
        try check(conclave_membership_init(&membership, MemoryLayout<conclave_membership>.size))
        withUnsafeMutableBytes(of: &membership.view) { $0[0] = run }
        withUnsafeMutableBytes(of: &membership.run) { $0[0] = run }
        membership.participant_count = participants.count
        membership.continuing_count = continuing
        let status = participants.withUnsafeBufferPointer { list in
            "bench".withCString { name in
                membership.participants = list.baseAddress
                membership.group = name
                return conclave_agreement_begin(handle, &membership)
            }
        }
        if Int(status) != CONCLAVE_OK { throw Failure(status, conclave_agreement_message(handle)) }
    }

    func receive(_ token: [UInt8], from sender: UInt64) throws(Failure) {
        let status = conclave_agreement_receive(handle, sender, token, token.count)
        if Int(status) != CONCLAVE_OK { throw Failure(status, conclave_agreement_message(handle)) }
    }

    /// The tokens to send; nil is everybody.
    func takeTokens() throws(Failure) -> [(destination: UInt64?, bytes: [UInt8])] {
        var tokens: [(destination: UInt64?, bytes: [UInt8])] = []
        while true {
            var token = conclave_token()
            token.size = MemoryLayout<conclave_token>.stride
            let status = conclave_agreement_next_token(handle, &token)
            if Int(status) == CONCLAVE_E_NO_EVENT { return tokens }
            try check(status)
            let isUnicast = Int(token.kind) == Int(CONCLAVE_TOKEN_UNICAST)
            tokens.append(
                (
                    isUnicast ? token.destination : nil,
                    Array(UnsafeBufferPointer(start: token.bytes, count: token.byte_count))
                ))
        }
    }

    var isComplete: Bool { conclave_agreement_is_complete(handle) }
}
