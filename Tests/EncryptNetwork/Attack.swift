@testable import Encrypt
import Primitives

/// An attack on the encryption of a cluster, carried out on real machines. Each must come to nothing; and with the
/// protection switched off that is there for it (a `Mutation`, or an option: `isShownByAnOption`), it must succeed: so
/// the test can fail.
///
/// The first nine are the attacks that succeed against the encryption that this one follows.
public enum Attack: String, CaseIterable, Sendable {
    /// A message with headers only is injected in a member's name.
    case headersOnlyMessageIsInjected
    /// A leave request is injected in a member's name.
    case leaveRequestIsInjected
    /// A recorded message is sent again, as it is and under other numbers.
    case recordedMessageIsSentAgain
    /// The headers beside a message are changed.
    case headersAreChanged
    /// A group key is pushed by a member that is not the key server.
    case keyIsPushedByAMember
    /// The one message that carries a new key is lost.
    case keyMessageIsLost
    /// A message still under the previous key arrives, alone and in a batch.
    case messageIsUnderThePreviousKey
    /// A joiner has recorded what was said before it joined.
    case joinerReadsWhatItRecorded
    /// Somebody who has observed one join replays what the newcomer answered.
    case recordedAnswerIsSentAgain
    /// A member that was challenged for an address answers when somebody else has it.
    case takenAddressIsTakenOver
    /// A member, which shares all keys, speaks in another's name.
    case memberSpeaksInAnothersName
    /// A group key is pushed by a stranger in the coordinator's name.
    case keyIsPushedByAStranger
    /// A member says that it holds a view with nearly the last number there is.
    case counterIsClaimedFromTheTop
    /// A member says again and again that it holds a newer view.
    case memberDemandsViews
    /// A view that was recorded is pushed again.
    case recordedViewIsPushedAgain
    /// A refusal that was recorded is sent again.
    case recordedRefusalIsSentAgain
    /// A stranger asks to be let in.
    case strangerAsksToBeLetIn
    /// Who has left kept its keys, and reads what is sent after.
    case whoHasLeftReadsOn
    /// Who has left kept its keys, and speaks on.
    case whoHasLeftSpeaksOn
    /// Who has left asks for the key.
    case whoHasLeftAsksForTheKey
    /// Who has left fetches the key where keys are exchanged outside: its certificate is still good.
    case whoHasLeftFetchesTheKey
    /// Two views have one number.
    case viewsHaveOneNumber

    /// Whether `AttackTests` shows that it succeeds with an option of the library alone, where no protection has to be
    /// broken for that.
    public var isShownByAnOption: Bool { self == .joinerReadsWhatItRecorded }

    /// Carries it out; what it has achieved, which is nothing when all is well.
    public func run() -> [String] {
        do {
            switch self {
            case .headersOnlyMessageIsInjected: return try headersOnlyMessage()
            case .leaveRequestIsInjected: return try injectedLeaveRequest()
            case .recordedMessageIsSentAgain: return try recordedMessage()
            case .headersAreChanged: return try changedHeaders()
            case .keyIsPushedByAMember: return try keyPushed(byStranger: false)
            case .keyMessageIsLost: return try lostKeyMessage()
            case .messageIsUnderThePreviousKey: return try messageUnderThePreviousKey()
            case .joinerReadsWhatItRecorded: return try joinerReadsWhatItRecorded()
            case .recordedAnswerIsSentAgain: return try recordedAnswer()
            case .takenAddressIsTakenOver: return try takenAddress()
            case .memberSpeaksInAnothersName: return try memberSpeaksInAnothersName()
            case .keyIsPushedByAStranger: return try keyPushed(byStranger: true)
            case .counterIsClaimedFromTheTop: return try claimedCounter()
            case .memberDemandsViews: return try demandedViews()
            case .recordedViewIsPushedAgain: return try recordedView()
            case .recordedRefusalIsSentAgain: return try recordedRefusal()
            case .strangerAsksToBeLetIn: return try stranger()
            case .whoHasLeftReadsOn: return try whoHasLeftReadsOn()
            case .whoHasLeftSpeaksOn: return try whoHasLeftSpeaksOn()
            case .whoHasLeftAsksForTheKey: return try whoHasLeftAsksForTheKey()
            case .whoHasLeftFetchesTheKey: return try whoHasLeftFetchesTheKey()
            case .viewsHaveOneNumber: return try viewsHaveOneNumber()
            }
        } catch {
            return ["the attack cannot be carried out: \(error)"]
        }
    }
}

// MARK: - The room

extension Attack {
    struct Impossible: Error {}

    static let strangerIdentity = 1_000

    static func policy(_ members: [Int]) throws -> AdmissionPolicy {
        var store = TrustStore()
        for index in members { try store.add(try ClusterNetwork.identity(index).publicKey, label: "") }
        return .acceptedKeys(store)
    }

    /// A cluster of some members that have one view.
    public static func cluster(
        _ count: Int = 3, rekey: RekeyRules = .all, parameters: EpochParameters = EpochParameters()
    ) throws -> ClusterNetwork {
        let policy = try policy(Array(0..<10))
        let network = ClusterNetwork(
            seed: 7,
            configuration: { _ in
                EncryptConfiguration(
                    cluster: Array("attacked".utf8), keySource: .coordinator(rekey), policy: policy,
                    parameters: parameters)
            })
        try network.join(count)
        try network.run(300)
        guard network.isSettled() else { throw Impossible() }
        return network
    }

    private func rotate(_ network: ClusterNetwork) throws {
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try network.run(20)
    }

    private func view(_ node: ClusterNode) throws -> EncryptView {
        guard let view = node.view else { throw Impossible() }
        return view
    }
}

// MARK: - Messages

extension Attack {
    private func headersOnlyMessage() throws -> [String] {
        let network = try Self.cluster()
        let view = try view(network.nodes[0])
        let header = RecordHeader(flags: [], epoch: EpochIdentifier(view.epoch), place: 1, number: 1_000)
        var record = [UInt8](repeating: 0, count: RecordHeader.overhead)
        unsafe record.withUnsafeMutableBytes { (bytes) in
            if let start = bytes.baseAddress { unsafe header.write(to: start) }
        }
        network.inject(record, to: 0)
        try network.run(50)
        return network.nodes[0].delivered.map { "an empty message was delivered in the name of member \($0.sender)" }
    }

    private func injectedLeaveRequest() throws -> [String] {
        let network = try Self.cluster()
        let victim = network.nodes[1].member.digest
        let stranger = try ClusterNetwork.identity(Self.strangerIdentity)
        let name = try ClusterName(Array("attacked".utf8))
        network.injectToAll(try LeaveRequest(sender: victim).signed(name, by: stranger))
        try network.run(300)
        return network.nodes[0].view?.place(of: victim) == nil ? ["member 1 was put out"] : []
    }

    private func recordedMessage() throws -> [String] {
        let network = try Self.cluster()
        let record = try network.send([1, 2, 3], from: 1)
        try network.run(20)
        network.inject(record, to: 0)
        for number in 2...10 {
            var other = record
            other[RecordHeader.size - 1] = UInt8(number)
            network.inject(other, to: 0)
        }
        try network.run(50)
        let count = network.nodes[0].delivered.count
        return count == 1 ? [] : ["a message was delivered \(count) times"]
    }

    private func changedHeaders() throws -> [String] {
        let network = try Self.cluster()
        let headers: [UInt8] = [1, 2, 3]
        let record = try network.nodes[1].machine.seal([[9]], headers: headers)
        var changed = headers
        changed[1] ^= 1
        try network.act(0) { (machine, now) in machine.received(record, headers: changed, now: now) }
        let isDelivered = !network.nodes[0].delivered.isEmpty
        return isDelivered ? ["a message was delivered with other headers than it was sent with"] : []
    }

    private func messageUnderThePreviousKey() throws -> [String] {
        let network = try Self.cluster()
        let single = try network.nodes[1].machine.seal([[1]])
        let batch = try network.nodes[1].machine.seal([[2], [3]])
        try rotate(network)
        network.inject(single, to: 0)
        network.inject(batch, to: 0, after: 2)
        try network.run(50)
        let delivered = network.nodes[0].delivered.map { $0.payload }
        return delivered == [[1], [2], [3]] ? [] : ["of [1], [2] and [3] were delivered \(delivered)"]
    }

    private func memberSpeaksInAnothersName() throws -> [String] {
        let parameters = EpochParameters(authenticity: .signatures)
        let network = try Self.cluster(parameters: parameters)
        let insider = network.nodes[1]
        let view = try view(insider)
        // Member 1 has the secret, and so the keys of member 0; what it lacks is the identity.
        guard let secret = insider.machine.installed?.secret else { throw Impossible() }
        var members = view.members.map {
            EpochMember(introductionDigest: $0.introduction.digest, publicKey: $0.publicKey)
        }
        members[0] = EpochMember(introductionDigest: members[0].introductionDigest, publicKey: insider.member.publicKey)
        let transcript = try EncryptMachine.transcript(
            cluster: insider.machine.cluster, counter: view.counter, coordinator: view.coordinator.digest, view.members)
        let epoch = try Epoch(
            secret: secret.bytes.duplicate(), cluster: Array("attacked".utf8), counter: view.counter,
            transcript: transcript, members: members, me: 0, identity: insider.identity, parameters: parameters)
        var protection = MessageProtection()
        try protection.install(epoch, now: network.now)
        network.inject(try protection.seal([[6, 6, 6]]), to: 2)
        try network.run(50)
        return network.nodes[2].delivered.map { "member 1 spoke in the name of member \($0.sender)" }
    }
}

// MARK: - Keys and views

extension Attack {
    /// A push for a victim, made and signed by somebody, with a coordinator's name on it.
    private func forgedView(
        in network: ClusterNetwork, coordinator: Int, signer: Identity, victim: Int
    ) throws -> [[UInt8]] {
        let view = try view(network.nodes[victim])
        let name = try ClusterName(Array("attacked".utf8))
        let context = PushContext(
            cluster: name, counter: view.counter + 1, coordinator: network.nodes[coordinator].member.digest,
            push: [UInt8](repeating: 66, count: EncryptWire.nonceSize))
        let secret = SecretBytes(copying: [UInt8](repeating: 66, count: Epoch.secretSize).span)
        let member = network.nodes[victim].member
        let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(66))
        let wrapped = try wrapper.wrap(
            secret, to: member.introduction.wrappingKey, context: context.wrapping(for: member.digest))
        let body = ViewBody(entries: view.members.map { .introduction($0.introduction.bytes) })
        let content = ViewContent(
            source: .wraps([
                ViewContent.WrapList(
                    kind: .x25519, shared: wrapper.shared,
                    wraps: [ViewContent.Wrap(tag: member.digest.tag, wrapped: wrapped)])
            ]), sealedBody: try body.sealed(under: secret, push: context))
        return try ViewPart.signed(
            content.written(), counter: context.counter, coordinator: context.coordinator, push: context.push,
            size: 60_000, name, by: signer)
    }

    private func keyPushed(byStranger isStranger: Bool) throws -> [String] {
        let network = try Self.cluster()
        let epoch = try view(network.nodes[2]).epoch
        let signer = try isStranger ? ClusterNetwork.identity(Self.strangerIdentity) : network.nodes[1].identity
        for part in try forgedView(in: network, coordinator: isStranger ? 0 : 1, signer: signer, victim: 2) {
            network.inject(part, to: 2)
        }
        try network.run(50)
        return network.nodes[2].view?.epoch == epoch ? [] : ["member 2 has installed the key of another"]
    }

    /// A key request of member 1, which says that it holds a view that nobody has pushed.
    private func keyRequest(in network: ClusterNetwork, number: UInt64, counter: UInt64) throws -> [UInt8] {
        let insider = network.nodes[1]
        let epoch = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Epoch.identifierSize)
        return try KeyRequest(
            sender: insider.member.digest, coordinator: network.nodes[0].member.digest, number: number,
            nonce: [UInt8](repeating: 1, count: EncryptWire.nonceSize),
            held: HeldView(counter: counter, epoch: epoch, memberCount: 2), missing: .all
        ).signed(insider.machine.cluster, by: insider.identity)
    }

    private func claimedCounter() throws -> [String] {
        let network = try Self.cluster()
        network.inject(try keyRequest(in: network, number: 100, counter: HeldView.counterLimit - 1), to: 0)
        try network.run(5_000)
        do throws(EncryptError) { _ = try network.nodes[0].machine.rotate(now: network.now) } catch {
            return ["after one request no view can be made any more: \(error)"]
        }
        return []
    }

    private func demandedViews() throws -> [String] {
        let network = try Self.cluster()
        let before = network.nodes[2].viewCount
        for number in 0..<100 {
            let held = try view(network.nodes[0]).counter + 1
            network.inject(try keyRequest(in: network, number: UInt64(100 + number), counter: held), to: 0)
            try network.run(10)
        }
        let count = network.nodes[2].viewCount - before
        return count <= 4 ? [] : ["member 1 has made everybody install \(count) views in a second"]
    }

    private func lostKeyMessage() throws -> [String] {
        let network = try Self.cluster()
        var isLost = false
        network.filter = { packet in
            guard packet.kind == Packet.viewPart, packet.receiver == 2, !isLost else { return true }
            isLost = true
            return false
        }
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try network.run(60_000)
        guard isLost else { throw Impossible() }
        return network.isSettled() ? [] : ["member 2 is locked out"]
    }

    private func recordedView() throws -> [String] {
        let network = try Self.cluster()
        let start = network.tape.count
        try rotate(network)
        let recorded = network.tape[start...].filter { $0.kind == Packet.viewPart && $0.receiver == 1 }
        try rotate(network)
        let epoch = try view(network.nodes[1]).epoch
        for packet in recorded { network.inject(packet.bytes, to: 1) }
        try network.run(50)
        guard !recorded.isEmpty else { throw Impossible() }
        return network.nodes[1].view?.epoch == epoch ? [] : ["member 1 went back to a key of before"]
    }

    private func viewsHaveOneNumber() throws -> [String] {
        let network = try Self.cluster()
        let before = try view(network.nodes[0])
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        let after = try view(network.nodes[0])
        let isTold = after.epoch != before.epoch && after.counter <= before.counter
        return isTold ? ["two views have the number \(after.counter)"] : []
    }

    /// Whether somebody who holds a secret, and knows who the members of a view are, can open a record of it.
    private func opens(
        _ record: [UInt8], with attacker: ClusterNode, members: [EncryptMember], counter: UInt64, now: UInt64
    ) throws -> Bool {
        guard let secret = attacker.machine.installed?.secret else { return false }
        let (epoch, _) = try attacker.machine.epoch(
            of: members, counter: counter, coordinatorPlace: 0, ownPlace: 0, secret)
        var protection = MessageProtection()
        try protection.install(epoch, now: now)
        return (try? protection.open(record, now: now)) != nil
    }

    private func joinerReadsWhatItRecorded() throws -> [String] { try Self.joinerReads(rekey: .all) }

    /// Whether a joiner can open what it recorded before it was let in.
    public static func joinerReads(rekey: RekeyRules) throws -> [String] {
        let network = try cluster(2, rekey: rekey)
        let attack = Attack.joinerReadsWhatItRecorded
        let view = try attack.view(network.nodes[0])
        let record = try network.send([1], from: 1)
        try network.join()
        try network.run(300)
        guard network.isSettled() else { throw Impossible() }
        let isOpen = try attack.opens(
            record, with: network.nodes[2], members: view.members, counter: view.counter, now: network.now)
        return isOpen ? ["member 2 opens what was sealed before it joined"] : []
    }

    private func whoHasLeftReadsOn() throws -> [String] { try Self.leaverReads(rekey: .all) }

    /// Whether a member that has left can open what is sealed after.
    public static func leaverReads(rekey: RekeyRules) throws -> [String] {
        let network = try cluster(3, rekey: rekey)
        let attack = Attack.whoHasLeftReadsOn
        try network.leave(2, eavesdropping: true)
        try network.run(300)
        guard network.isSettled() else { throw Impossible() }
        let view = try attack.view(network.nodes[0])
        let record = try network.send([1], from: 1)
        try network.run(50)
        // It can guess who is left, and the counter.
        let isOpen = try attack.opens(
            record, with: network.nodes[2], members: view.members, counter: view.counter, now: network.now)
        let isDelivered = network.nodes[2].delivered.contains { $0.payload == [1] }
        return isOpen || isDelivered ? ["member 2 opens what was sealed after it had left"] : []
    }

    private func whoHasLeftSpeaksOn() throws -> [String] {
        let network = try Self.cluster()
        try network.leave(2, eavesdropping: true)
        try network.run(300)
        let before = network.nodes[0].machine.protectionCounters.openedRecords
        network.inject(try network.nodes[2].machine.seal([[6]]), to: 0)
        try network.run(50)
        let opened = network.nodes[0].machine.protectionCounters.openedRecords - before
        return opened == 0 ? [] : ["a message of member 2 was opened after it had left"]
    }

    private func whoHasLeftAsksForTheKey() throws -> [String] {
        let network = try Self.cluster()
        try network.leave(2, eavesdropping: true, tellingHost: false)
        try network.run(300)
        let (leaver, start) = (network.nodes[2], network.tape.count)
        let request = try KeyRequest(
            sender: leaver.member.digest, coordinator: network.nodes[0].member.digest, number: 99,
            nonce: [UInt8](repeating: 1, count: EncryptWire.nonceSize), held: leaver.machine.held, missing: .all
        ).signed(leaver.machine.cluster, by: leaver.identity)
        network.inject(request, to: 0)
        try network.run(50)
        for packet in network.tape[start...] where packet.kind == Packet.viewPart {
            let part = try ViewPart.read(packet.bytes, leaver.machine.cluster).fields
            let content = try ViewContent.read(part.chunk, for: leaver.member.digest.tag, .x25519)
            if case .wrap(.some) = content.source { return ["the key was wrapped for member 2 after it had left"] }
        }
        return []
    }

    private func whoHasLeftFetchesTheKey() throws -> [String] {
        let policy = try Self.policy(Array(0..<10))
        let network = ClusterNetwork(
            seed: 7,
            configuration: { _ in
                EncryptConfiguration(cluster: Array("attacked".utf8), keySource: .external(.all), policy: policy)
            })
        try network.join(3)
        for _ in 0..<20 {
            try network.run(20)
            for node in network.connected {
                guard let wanted = node.machine.wantedKey, let key = try fetchedKey(of: node, network) else { continue }
                try network.act(node.index) { (machine, now) in
                    try machine.supplyKey(counter: wanted.counter, key: SecretBytes(copying: key.span), now: now)
                }
            }
        }
        guard network.isSettled() else { throw Impossible() }
        try network.leave(2, eavesdropping: true, tellingHost: false)
        try network.run(300)
        let key = try fetchedKey(of: network.nodes[2], network)
        return key == nil ? [] : ["the key was handed to member 2 after it had left"]
    }

    /// What member 0, which coordinates, hands to a member.
    private func fetchedKey(of node: ClusterNode, _ network: ClusterNetwork) throws -> [UInt8]? {
        var key: [UInt8]? = nil
        _ = try network.nodes[0].machine.serveKey(to: node.member.introduction.digest) {
            (_, _, secret) throws(KeyFetchFailure) in
            key = unsafe secret.withBytes { (bytes) in unsafe [UInt8](copying: UnsafeRawBufferPointer(bytes)) }
        }
        return key
    }
}

// MARK: - Admission

extension Attack {
    private func recordedAnswer() throws -> [String] {
        let network = try Self.cluster()
        let requests = network.tape.filter { $0.kind == Packet.joinRequest && $0.sender == 2 && $0.receiver == 0 }
        let answers = network.tape.filter { $0.kind == Packet.answer && $0.sender == 2 }
        guard let request = requests.last, let answer = answers.last else { throw Impossible() }
        network.crash(2)
        try network.run(300)
        // The address is there again; whoever is behind it has nothing but the recording.
        network.split([[0, 1, 2]])
        try network.run(50)
        network.inject(request.bytes, to: 0)
        network.inject(answer.bytes, to: 0, after: 5)
        try network.run(300)
        let isIn = network.nodes[0].view?.place(of: network.nodes[2].member.digest) != nil
        return isIn ? ["a recorded answer has let somebody in"] : []
    }

    private func takenAddress() throws -> [String] {
        let network = try Self.cluster(2)
        let member = try network.add()
        // Its requests are late: an insider, who hears the challenges, asks for the address first.
        let insider = try network.add(identity: 5, address: member.address)
        network.filter = { $0.kind != Packet.joinRequest }
        try network.connect([member.index])
        try network.run(5)
        let start = network.tape.count
        let requests = try insider.machine.start(now: network.now)
        guard case .send(_, let request)? = requests.first else { throw Impossible() }
        network.inject(request, to: 0)
        try network.run(5)
        guard let challenge = network.tape[start...].first(where: { $0.kind == Packet.challenge }),
            case .send(_, let answer)? = insider.machine.received(challenge.bytes, now: network.now).first
        else { throw Impossible() }
        network.filter = nil
        try network.run(2_000)
        guard network.isSettled() else { throw Impossible() }
        network.inject(answer, to: 0)
        try network.run(300)
        let isIn = network.nodes[0].view?.place(of: member.member.digest) != nil
        return isIn ? [] : ["member 2 was put out by another identity at its address"]
    }

    private func recordedRefusal() throws -> [String] {
        let network = try Self.cluster(2)
        let narrow = try Self.policy([0, 1])
        for index in 0..<2 { try network.act(index) { (machine, now) in try machine.setPolicy(narrow, now: now) } }
        let newcomer = try network.join()[0]
        try network.run(50)
        guard let refusal = network.tape.last(where: { $0.kind == Packet.refusal }),
            newcomer.refusedByCoordinator != nil
        else { throw Impossible() }
        let before = newcomer.events.count
        network.inject(refusal.bytes, to: newcomer.index)
        try network.run(5)
        return newcomer.events.count == before ? [] : ["a recorded refusal was believed"]
    }

    private func stranger() throws -> [String] {
        let network = try Self.cluster()
        let stranger = try network.add(identity: Self.strangerIdentity)
        try network.connect([stranger.index])
        try network.run(1_000)
        let isIn = network.nodes[0].view?.place(of: stranger.member.digest) != nil || stranger.view != nil
        return isIn ? ["a stranger was let in"] : []
    }
}
