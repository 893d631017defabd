internal import Primitives

/// A run under way, as far as it is the same for every agreement: who takes part, what its tokens are bound to, and how
/// many of them were sent and seen.
struct RunContext {
    let members: [Participant]
    /// The place of this member.
    let position: Int
    /// How many members at the front continue with the last run; 0 when the run is from scratch.
    let baseCount: Int
    let identifier: [UInt8]
    /// SHA-256 over the ordered members and how the run begins.
    let membership: [UInt8]
    /// SHA-256 over all that the run is bound to; the salt of its key.
    let binding: [UInt8]

    private let suite: Suite
    private let group: [UInt8]
    private let view: [UInt8]
    private var sentCount: UInt32 = 0
    private var seenSequences: [UInt32]

    init(_ run: AgreementRun, suite: Suite, id: UInt64, publicKey: [UInt8]) throws(AgreementError) {
        position = try Self.validate(run, id: id, publicKey: publicKey)
        members = run.members
        baseCount = run.fromScratch ? 0 : run.baseCount
        identifier = run.run
        group = run.group
        view = run.view
        self.suite = suite
        seenSequences = Array(repeating: 0, count: run.members.count)

        var list = ByteWriter(capacity: 8 + run.members.count * 40)
        list.writeUInt16(UInt16(truncatingIfNeeded: run.members.count))
        list.writeUInt16(UInt16(truncatingIfNeeded: baseCount))
        for member in run.members {
            list.writeUInt64(member.id)
            list.writeRaw(member.publicKey)
        }
        var all = ByteWriter(capacity: 256)
        do throws(PrimitivesError) {
            membership = try Digest.sha256(list.bytes)
            all.writeVector8(Array("Conclave agreement run".utf8))
            all.writeUInt16(suite.number)
            all.writeVector8(run.group)
            all.writeRaw(run.view)
            all.writeRaw(run.run)
            all.writeRaw(membership)
            binding = try Digest.sha256(all.bytes)
        } catch {
            throw AgreementError(error)
        }
    }

    /// Checks everything that a caller could get wrong; answers this member's position.
    private static func validate(_ run: AgreementRun, id: UInt64, publicKey: [UInt8]) throws(AgreementError) -> Int {
        let size = AgreementRun.identifierSize
        guard (1...AgreementRun.memberLimit).contains(run.members.count),
            (1...AgreementRun.groupNameLimit).contains(run.group.count), run.view.count == size, run.run.count == size,
            run.fromScratch || (1...run.members.count).contains(run.baseCount),
            run.members.allSatisfy({ $0.id != 0 && $0.publicKey.count == Identity.publicKeySize })
        else { throw .invalidRun }
        let ids = run.members.map { $0.id }.sorted()
        for (first, second) in zip(ids, ids.dropFirst()) where first == second { throw .invalidRun }
        guard let position = run.members.firstIndex(where: { $0.id == id }),
            run.members[position].publicKey == publicKey
        else { throw .notAMember }
        return position
    }

    /// The place of the member who sends the AGREED message that ends the run.
    var controller: Int { suite.agreement.confirmer(of: members.count) }

    func position(of id: UInt64) -> Int? { members.firstIndex { $0.id == id } }
}

// MARK: - Tokens

extension RunContext {
    /// A signed token of this member; `destination` is a position, nil for all.
    mutating func seal(
        _ kind: TokenEnvelope.Kind, to destination: Int?, body: [UInt8], engine: inout AgreementEngine
    ) throws(AgreementError) -> [UInt8] {
        var envelope = TokenEnvelope(
            kind: kind, suite: suite.number, group: group, view: view, run: identifier, membership: membership,
            sender: members[position].id, destination: destination.map { members[$0].id } ?? 0,
            sequence: sentCount &+ 1, body: body)
        envelope.signature = try engine.sign(envelope.signedBytes)
        sentCount &+= 1
        return envelope.bytes
    }

    /// Checks what can be checked without a signature, from the group inwards, and answers the sender's position.
    func check(_ envelope: TokenEnvelope, from sender: UInt64) throws(AgreementError) -> Int {
        guard envelope.suite == suite.number, envelope.kind.agreement == suite.agreement else { throw .wrongSuite }
        guard envelope.group == group else { throw .wrongGroup }
        guard envelope.view == view else { throw .wrongView }
        guard envelope.run == identifier || isBroken(.runIsNotBound) else { throw .wrongRun }
        guard envelope.membership == membership else { throw .memberListMismatch }
        guard envelope.sender == sender, let position = position(of: sender) else { throw .wrongSender }
        let isForAll = envelope.destination == 0
        switch envelope.kind.audience {
        case .one: guard !isForAll else { throw .wrongDestination }
        case .all: guard isForAll else { throw .wrongDestination }
        case .oneOrAll: break
        }
        guard isForAll || envelope.destination == members[self.position].id else { throw .wrongDestination }
        guard envelope.sequence > seenSequences[position] else { throw .replayed }
        return position
    }

    /// Remembers that a sender's token was accepted: neither it nor an older one is accepted again.
    mutating func accept(_ envelope: TokenEnvelope, from position: Int) {
        seenSequences[position] = envelope.sequence
    }
}
