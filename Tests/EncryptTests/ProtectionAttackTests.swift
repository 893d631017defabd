import Primitives
import Testing

@testable import Encrypt

private let bread = Array("bread".utf8)
private let headers = Array("leave, from member 0".utf8)

private let bothKinds = [EpochParameters(authenticity: .signatures), EpochParameters(authenticity: .senderKeys)]

/// What somebody on the wire does who sees and sends everything, and what members do who left or betray the others.
@Suite struct ProtectionAttackTests {
    /// Replaces the number of a record.
    private func renumbered(_ record: [UInt8], _ number: UInt64) -> [UInt8] {
        var changed = record
        for index in 0..<8 { changed[21 + index] = UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * index)) }
        return changed
    }

    @Test(arguments: bothKinds)
    func aMessageWithHeadersOnlyIsInjected(_ parameters: EpochParameters) throws {
        var dialogue = try ProtectionDialogue(2, parameters)
        try dialogue.install([0, 1])
        // No record at all, the head of one, the head of one with a tag and a signature made up.
        let genuine = try dialogue.members[0].seal([[]], headers: headers)
        let made = renumbered(Array(genuine.prefix(RecordHeader.size)), 2)
        for forged in [
            [], made, made + [UInt8](repeating: 0, count: 16), made + [UInt8](repeating: 0, count: 80),
        ] {
            #expect(throws: EncryptError.self) { try dialogue.members[1].open(forged, headers: headers, now: 0) }
        }
        // An empty message is one like any other: its headers are protected too.
        #expect(throws: EncryptError.badSeal) {
            try dialogue.members[1].open(genuine, headers: headers + [0], now: 0)
        }
        #expect(try dialogue.members[1].open(genuine, headers: headers, now: 0).messages == [[]])
    }

    @Test(arguments: bothKinds)
    func aRecordedMessageIsSentAgainUnderAnotherNumber(_ parameters: EpochParameters) throws {
        var dialogue = try ProtectionDialogue(2, parameters)
        try dialogue.install([0, 1])
        let record = try dialogue.members[0].seal([bread])
        _ = try dialogue.members[1].open(record, now: 0)
        #expect(throws: EncryptError.replayed) { try dialogue.members[1].open(record, now: 0) }
        for number in [UInt64(2), 3, 1_000, .max] {
            #expect(throws: EncryptError.badSeal) { try dialogue.members[1].open(renumbered(record, number), now: 0) }
        }
        #expect(throws: EncryptError.malformed) { try dialogue.members[1].open(renumbered(record, 0), now: 0) }
        // A forged number moves no window: the next genuine ones are opened.
        let next = try dialogue.members[0].seal([bread])
        #expect(try dialogue.members[1].open(next, now: 0).record.number == 2)
        let counters = dialogue.members[1].counters
        #expect(counters.replayed == 1 && counters.badSeal == 4 && counters.malformed == 1)
    }

    @Test(arguments: bothKinds, [false, true])
    func anyBitIsFlipped(_ parameters: EpochParameters, _ isWhole: Bool) throws {
        var dialogue = try ProtectionDialogue(2, parameters)
        try dialogue.install([0, 1])
        let record = try dialogue.members[0].seal([bread, [], bread], headers: headers, wholeMessage: isWhole)
        for index in record.indices {
            for bit in 0..<8 {
                var changed = record
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: EncryptError.self) { try dialogue.members[1].open(changed, headers: headers, now: 0) }
            }
        }
        for count in 0..<record.count {
            let cut = Array(record.prefix(count))
            #expect(throws: EncryptError.self) { try dialogue.members[1].open(cut, headers: headers, now: 0) }
        }
        #expect(throws: EncryptError.self) { try dialogue.members[1].open(record + [0], headers: headers, now: 0) }
        for index in headers.indices where !isWhole {
            var changed = headers
            changed[index] ^= 1
            #expect(throws: EncryptError.badSeal) { try dialogue.members[1].open(record, headers: changed, now: 0) }
        }
        // Nothing of all that has changed anything.
        let opened = try dialogue.members[1].open(record, headers: headers, now: 0)
        #expect(opened.messages == [bread, [], bread])
    }

    @Test func nothingOfARefusedRecordIsLeftInTheCallersMemory() throws {
        for parameters in bothKinds {
            var dialogue = try ProtectionDialogue(2, parameters)
            try dialogue.install([0, 1])
            var record = try dialogue.members[0].seal([bread])
            record[record.count - 1] ^= 1
            var room = [UInt8](repeating: 7, count: 100)
            #expect(throws: EncryptError.self) {
                try record.withUnsafeBufferPointer { (record) in
                    try room.withUnsafeMutableBufferPointer { (room) in
                        _ = try dialogue.members[1].open(
                            record, headers: UnsafeBufferPointer(start: nil, count: 0), into: room, now: 0)
                    }
                }
            }
            #expect(room == [UInt8](repeating: 0, count: 5) + [UInt8](repeating: 7, count: 95))
        }
    }

    /// Member 2 knows all that member 1 knows, member 0's sealing key included.
    @Test func aMemberSpeaksInAnothersName() throws {
        var signing = try ProtectionDialogue(3, EpochParameters(authenticity: .signatures))
        try signing.install([0, 1, 2])
        // It seals with the key of member 0, and signs with what it has: its own identity.
        let secret = [UInt8](repeating: 9, count: 32)
        let members = [signing.member(0), signing.member(1), signing.member(2)]
        let impostor = EpochMember(
            introductionDigest: signing.member(0).introductionDigest, publicKey: signing.identities[2].publicKey)
        var forger = MessageProtection()
        try forger.install(
            Epoch(
                secret: SecretBytes(copying: secret.span), cluster: ProtectionDialogue.cluster, counter: 1,
                transcript: [UInt8](repeating: 0x51, count: 32), members: [impostor] + members.dropFirst(), me: 0,
                identity: signing.identities[2], parameters: signing.parameters), now: 0)
        let forged = try forger.seal([bread])
        #expect(throws: EncryptError.badSignature) { try signing.members[1].open(forged, now: 0) }
        // What is sealed by itself and said to be of another has another key.
        var renamed = try signing.members[2].seal([bread])
        renamed[20] = 0
        #expect(throws: EncryptError.badSeal) { try signing.members[1].open(renamed, now: 0) }
        // The same without signatures succeeds: sender keys protect against everybody but the members themselves.
        var trusting = try ProtectionDialogue(3)
        try trusting.install([0, 1, 2])
        var betrayer = MessageProtection()
        try betrayer.install(try trusting.epoch(of: [0, 1, 2], at: 0), now: 0)
        #expect(try trusting.members[1].open(betrayer.seal([bread]), now: 0).record.place == 0)
    }

    @Test func aSignatureIsLeftOut() throws {
        var signing = try ProtectionDialogue(2, EpochParameters(authenticity: .signatures))
        try signing.install([0, 1])
        var record = try signing.members[0].seal([bread])
        record.removeLast(64)
        #expect(throws: EncryptError.self) { try signing.members[1].open(record, now: 0) }
        record[2] = 0
        #expect(throws: EncryptError.malformed) { try signing.members[1].open(record, now: 0) }
    }

    @Test(arguments: bothKinds)
    func aMemberThatLeftSpeaksOn(_ parameters: EpochParameters) throws {
        var dialogue = try ProtectionDialogue(3, parameters)
        try dialogue.install([0, 1, 2])
        let before = try dialogue.members[2].seal([bread])
        let fromOne = try dialogue.members[1].seal([bread])
        try dialogue.install([0, 1], counter: 2)
        // It kept its keys, and the epoch is still open for what was on its way from those who stay.
        #expect(throws: EncryptError.unknownSender) { try dialogue.members[0].open(before, now: 0) }
        let after = try dialogue.members[2].seal([bread])
        #expect(throws: EncryptError.unknownSender) { try dialogue.members[0].open(after, now: 0) }
        #expect(try dialogue.members[0].open(fromOne, now: 0).messages == [bread])
        // And it reads nothing that is sealed now.
        let news = try dialogue.members[0].seal([bread])
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[2].open(news, now: 0) }
        // When it is back, so is what it said in an epoch that still opens.
        try dialogue.install([0, 1, 2], counter: 3)
        #expect(try dialogue.members[0].open(after, now: 0).messages == [bread])
    }

    @Test func aJoinerReadsWhatWasRecordedBeforeItJoined() throws {
        var dialogue = try ProtectionDialogue(3)
        try dialogue.install([0, 1])
        let recorded = try dialogue.members[0].seal([bread])
        try dialogue.install([0, 1, 2], counter: 2)
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[2].open(recorded, now: 0) }
        // Not even with a secret that stays, as long as the members' introductions are others.
        var same = MessageProtection()
        try same.install(try dialogue.epoch(of: [0, 1, 2], at: 2, secret: 9, transcript: 0x52), now: 0)
        #expect(throws: EncryptError.unknownEpoch) { try same.open(recorded, now: 0) }
    }

    @Test func aRestartRepeatsNoNonce() throws {
        // The same secret, place and transcript, but the introduction of a new start: another key.
        let dialogue = try ProtectionDialogue(2)
        let secret = [UInt8](repeating: 9, count: 32)
        func sealed(_ digest: UInt8) throws -> [UInt8] {
            var member = MessageProtection()
            try member.install(
                Epoch(
                    secret: SecretBytes(copying: secret.span), cluster: ProtectionDialogue.cluster, counter: 1,
                    transcript: [UInt8](repeating: 0x51, count: 32),
                    members: [
                        EpochMember(
                            introductionDigest: [UInt8](repeating: digest, count: 32),
                            publicKey: dialogue.identities[0].publicKey)
                    ], me: 0), now: 0)
            return try member.seal([bread])
        }
        let first = try sealed(1)
        let second = try sealed(2)
        #expect(first.prefix(RecordHeader.size) == second.prefix(RecordHeader.size))
        #expect(first.dropFirst(RecordHeader.size) != second.dropFirst(RecordHeader.size))
    }

    @Test func aRecordForAnotherClusterIsSigned() throws {
        // Signatures are bound to the cluster, even where somebody made the secrets equal.
        let parameters = EpochParameters(authenticity: .signatures)
        var dialogue = try ProtectionDialogue(2, parameters)
        try dialogue.install([0, 1])
        var elsewhere = MessageProtection()
        try elsewhere.install(
            try dialogue.epoch(of: [0, 1], at: 0, cluster: Array("cellar!".utf8)), now: 0)
        let record = try elsewhere.seal([bread])
        #expect(throws: EncryptError.badSignature) { try dialogue.members[1].open(record, now: 0) }
    }

    /// A member that seals anything at all as content harms nobody.
    @Test func contentThatIsNoBatchIsRefused() throws {
        let contents: [([UInt8], RecordHeader.Flags)] = [
            ([], .batch), ([0], .batch), ([1, 0, 0, 0, 0], .batch), ([2, 0, 0, 0, 0], .batch),
            ([2, 0, 0, 0, 0, 0, 0, 0, 1], .batch), ([2, 0, 0, 0, 0, 0, 0, 0, 1, 7, 7], .batch),
            ([2] + [UInt8](repeating: 0xFF, count: 8), .batch), ([65] + [UInt8](repeating: 0, count: 260), .batch),
            ([], .wholeMessage), ([0, 0, 0], .wholeMessage), ([0, 0, 0, 1], .wholeMessage),
            ([0xFF, 0xFF, 0xFF, 0xFF, 1], .wholeMessage), ([0, 0, 0, 0], [.wholeMessage, .batch]),
            ([0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0], [.wholeMessage, .batch]),
        ]
        for (content, flags) in contents {
            _ = content.withUnsafeBytes { (bytes) in
                #expect(throws: EncryptError.malformed) { _ = try OpenedContent(reading: bytes, flags) }
            }
        }
    }
}
