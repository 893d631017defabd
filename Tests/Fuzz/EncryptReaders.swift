import Primitives

@testable import Encrypt

/// The messages that key a cluster, each by its own reader, and all of them through a whole machine.
func encryptReaders() throws -> [Reader] {
    let identity = try seededIdentity("Ada")
    let name = Array("cluster".utf8)
    let cluster = try ClusterName(name)
    let (introduction, _) = try Credential(identity: identity).introduce(
        cluster: name, address: Array("host".utf8), entropy: .seeded(1))
    guard let digest = MemberDigest(introduction.digest) else { throw EncryptError.malformed }
    let nonce = [UInt8](repeating: 7, count: EncryptWire.nonceSize)
    let held = HeldView(counter: 9, epoch: [UInt8](repeating: 3, count: Epoch.identifierSize), memberCount: 4)
    let request = JoinRequest(introduction: introduction.bytes, nonce: nonce)
    let challenge = Challenge(
        introduction: introduction.bytes, newcomer: digest, requestNonce: nonce, nonce: nonce, proof: [])
    let answers = [HeldView.none, held].map {
        Answer(
            newcomer: digest, coordinator: digest, requestNonce: nonce, nonce: nonce, held: $0,
            proof: [UInt8](repeating: 5, count: 32))
    }
    let refusal = Refusal(introduction: introduction.bytes, refused: digest, requestNonce: nonce, cause: .unknownKey)
    let keyRequests = [KeyRequest.Missing.all, .these([]), .these([digest, digest])].map {
        KeyRequest(sender: digest, coordinator: digest, number: 2, nonce: nonce, held: held, missing: $0)
    }
    let announcement = Announcement(coordinator: digest, counter: 9, epoch: held.epoch)
    func again(_ bytes: [UInt8], _ written: [UInt8]) -> [UInt8] {
        // Only the signature is not in the fields.
        Array(written.dropLast(Identity.signatureSize)) + bytes.suffix(Identity.signatureSize)
    }
    return [
        Reader("encrypt-join-request", [request.written(cluster)]) {
            try JoinRequest.read($0, cluster).written(cluster)
        },
        Reader("encrypt-challenge", [try challenge.signed(cluster, by: identity)]) { bytes in
            again(bytes, try Challenge.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        Reader("encrypt-answer", try answers.map { try $0.signed(cluster, by: identity) }) { bytes in
            again(bytes, try Answer.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        Reader("encrypt-refusal", [try refusal.signed(cluster, by: identity)]) { bytes in
            again(bytes, try Refusal.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        Reader("encrypt-key-request", try keyRequests.map { try $0.signed(cluster, by: identity) }) { bytes in
            again(bytes, try KeyRequest.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        Reader("encrypt-leave-request", [try LeaveRequest(sender: digest).signed(cluster, by: identity)]) { bytes in
            again(bytes, try LeaveRequest.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        Reader("encrypt-announcement", [try announcement.signed(cluster, by: identity)]) { bytes in
            again(bytes, try Announcement.read(bytes, cluster).fields.signed(cluster, by: identity))
        },
        try viewBodyReader(introduction, cluster: name),
        try viewContentReader(digest),
        try machineReader(),
    ]
}

/// Entry by entry, as a receiver reads: what goes on as its own list of members does is passed over.
private func viewBodyReader(_ introduction: Introduction, cluster: [UInt8]) throws -> Reader {
    let member = try EncryptMember(introduction, cluster: cluster)
    let known = [EncryptMember](repeating: member, count: 3)
    guard let other = MemberDigest([UInt8](repeating: 9, count: EncryptWire.digestSize)) else {
        throw EncryptError.malformed
    }
    let corpus: [[ViewBody.Entry]] = [
        [.introduction(introduction.bytes), .digest(member.digest)],
        [.digest(member.digest), .digest(member.digest), .digest(other), .digest(member.digest)],
    ]
    return Reader("encrypt-view-body", corpus.map { ViewBody(entries: $0).written() }) { bytes in
        var body = try ViewBody.Reading(bytes)
        var entries: [ViewBody.Entry] = []
        while true {
            for _ in 0..<body.skip(known, from: 1) { entries.append(.digest(member.digest)) }
            guard let entry = try body.next() else { return ViewBody(entries: entries).written() }
            entries.append(entry)
        }
    }
}

private func viewContentReader(_ digest: MemberDigest) throws -> Reader {
    let wraps = [digest.tag, 3].map { ViewContent.Wrap(tag: $0, wrapped: [UInt8](repeating: 1, count: 48)) }
    let lists = [WrappingKind.x25519, .p256].map { kind in
        ViewContent.WrapList(kind: kind, shared: [UInt8](repeating: 2, count: 32), wraps: wraps)
    }
    let sealed = [UInt8](repeating: 4, count: 60)
    let corpus = [
        ViewContent(source: .wraps(lists), sealedBody: sealed).written(),
        ViewContent(source: .keyStore(Array("key".utf8)), sealedBody: sealed).written(),
        ViewContent(source: .fetch([digest.tag, 3]), sealedBody: sealed).written(),
    ]
    return Reader("encrypt-view-content", corpus) { (bytes: [UInt8]) -> Outcome in
        (try? ViewContent.read(bytes[...], for: digest.tag, .x25519)) == nil ? .refused : .accepted
    }
}

/// A member that hears another and a wire that changes what it says.
private final class Listener {
    var machine: EncryptMachine

    init(_ index: UInt64, _ policy: AdmissionPolicy, _ identity: Identity) throws {
        machine = try EncryptMachine(
            configuration: EncryptConfiguration(
                cluster: Array("cluster".utf8), keySource: .coordinator(.all), policy: policy),
            credential: Credential(identity: identity), address: [UInt8(index)], entropy: .seeded(index),
            wallClock: 1_800_000_000, now: 0)
    }
}

/// Everything that two members say until both are in one view, as the corpus for a third thing: a member of that view.
private func machineReader() throws -> Reader {
    let identities = try ["Ada", "Grace"].map { try seededIdentity($0) }
    var store = TrustStore()
    for identity in identities { try store.add(identity.publicKey, label: "") }
    let members = try identities.enumerated().map { (index, identity) in
        try Listener(UInt64(index + 1), .acceptedKeys(store), identity)
    }
    var said: [(sender: Int, bytes: [UInt8])] = []
    func take(_ actions: [EncryptAction], _ index: Int) {
        for case .send(_, let bytes) in actions { said.append((index, bytes)) }
    }
    for index in 0..<2 {
        take(try members[index].machine.start(now: 0), index)
        take(try members[index].machine.hostView([[1], [2]], now: 0), index)
    }
    var next = 0
    while next < said.count, said.count < 100 {
        let (sender, bytes) = said[next]
        next += 1
        take(members[1 - sender].machine.received(bytes, now: 1), 1 - sender)
    }
    guard members.allSatisfy({ $0.machine.canSeal }) else { throw EncryptError.noKey }
    let record = try members[0].machine.seal([[1, 2, 3]])
    let leave = try LeaveRequest(sender: members[0].machine.member.digest).signed(
        members[0].machine.cluster, by: identities[0])
    let corpus = said.map { $0.bytes } + [record, leave]
    var now: UInt64 = 1
    return Reader("encrypt-machine", corpus, acceptedCount: 0) { (bytes: [UInt8]) -> Outcome in
        now += 1
        let actions = members[1].machine.received(bytes, now: now)
        let isRefused = actions.contains { if case .refused = $0 { true } else { false } }
        return isRefused ? .refused : .accepted
    }
}
