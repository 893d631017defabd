import Primitives
import Testing

@testable import Encrypt

private let bread = Array("bread".utf8)
private let headers = Array("oven 3".utf8)

private func bytes(_ text: String) -> [UInt8] {
    var digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }[...]
    var result: [UInt8] = []
    while let high = digits.popFirst(), let low = digits.popFirst() { result.append(high << 4 | low) }
    return result
}

private enum Golden {
    static let plain =
        "0101006fa53dcdcaff3c7e15397d639989ebd9000000000000000000018441eae08445083a7c322ba93ecee2d8"
        + "9ab873e811"
    static let empty =
        "0101006fa53dcdcaff3c7e15397d639989ebd900000000000000000002f73b4c8ad0ed6fd9e7e04091cd0f1a4b"
    static let whole =
        "010101e9f23db503276ed7660d022c1f7d09cf0000000000000000000185e7d5f94e775736a31ffa021a6d21d5"
        + "40f07255bf7d94d188fb91a03dbae0"
    static let batch =
        "0101046fa53dcdcaff3c7e15397d639989ebd900000000000000000001e5338f81e5a866de9b8a70f236496387"
        + "3d2e64341ebf3721f8960a3fa00ced96fbcaf7a2679c"
    static let signed =
        "010102675ec9ec34039f3e6e76d0b81dab8a430000000000000000000127d92b5ceb062eb483595376d405788a"
        + "cfa4f58fa2af823b513970531d7e7a806e5b483b16cda43353611cbb95d271e2639e6a3715aabf751dadeb0ab0"
        + "15c327c0201eadf9dc95bc41bbc98d60c2f530bccb760504"
}

private let everyKind: [EpochParameters] = [CipherAlgorithm.aes256GCM, .chaCha20Poly1305].flatMap { (cipher) in
    [SenderAuthenticity.signatures, .senderKeys].map { EpochParameters(cipher: cipher, authenticity: $0) }
}

@Suite struct ProtectionTests {
    @Test(arguments: everyKind, [false, true])
    func everybodyOpensWhatOneSeals(_ parameters: EpochParameters, _ isWhole: Bool) throws {
        var dialogue = try ProtectionDialogue(3, parameters)
        try dialogue.install([0, 1, 2])
        for size in [0, 1, 15, 16, 1_024, 70_000] {
            let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let record = try dialogue.members[1].seal([message], headers: headers, wholeMessage: isWhole)
            for place in 0..<3 {
                let opened = try dialogue.members[place].open(record, headers: headers, now: 0)
                #expect(opened.messages == [message])
                #expect(opened.headers == (isWhole ? headers : []))
                #expect(opened.sender == dialogue.member(1))
                #expect(opened.record.isCurrent && opened.record.counter == 1 && opened.record.place == 1)
            }
        }
    }

    @Test(arguments: everyKind, [false, true])
    func batches(_ parameters: EpochParameters, _ isWhole: Bool) throws {
        var dialogue = try ProtectionDialogue(2, parameters)
        try dialogue.install([0, 1])
        for count in [1, 2, 3, 63, 64] {
            let messages = (0..<count).map { [UInt8](repeating: UInt8($0), count: $0 % 5) }
            let record = try dialogue.members[0].seal(messages, headers: headers, wholeMessage: isWhole)
            let opened = try dialogue.members[1].open(record, headers: headers, now: 0)
            #expect(opened.messages == messages)
            #expect(opened.headers == (isWhole ? headers : []))
        }
        #expect(dialogue.members[1].counters.openedRecords == 5)
        #expect(dialogue.members[1].counters.openedMessages == 133)
        for count in [0, 65] {
            let messages = [[UInt8]](repeating: bread, count: count)
            #expect(throws: EncryptError.badArgument) { try dialogue.members[0].seal(messages) }
        }
        #expect(dialogue.members[0].counters.sealedMessages == 133)
    }

    /// Made by another implementation from the description of the format alone.
    @Test func goldenRecords() throws {
        func seal(
            _ messages: [[UInt8]], _ parameters: EpochParameters, isWhole: Bool = false, skipping: Int = 0
        ) throws -> [UInt8] {
            var dialogue = try ProtectionDialogue(3, parameters)
            try dialogue.install([0, 1, 2])
            for _ in 0..<skipping { _ = try dialogue.members[0].seal([bread]) }
            return try dialogue.members[0].seal(messages, headers: headers, wholeMessage: isWhole)
        }
        let plain = EpochParameters()
        #expect(try seal([bread], plain) == bytes(Golden.plain))
        #expect(try seal([[]], plain, skipping: 1) == bytes(Golden.empty))
        #expect(try seal([bread, [], Array("salt".utf8)], plain) == bytes(Golden.batch))
        #expect(
            try seal([bread], EpochParameters(cipher: .chaCha20Poly1305), isWhole: true) == bytes(Golden.whole))
        #expect(try seal([bread], EpochParameters(authenticity: .signatures)) == bytes(Golden.signed))
    }

    @Test func whatCannotBeSealed() throws {
        var dialogue = try ProtectionDialogue(2)
        #expect(throws: EncryptError.noKey) { try dialogue.members[0].seal([bread]) }
        try dialogue.install([0, 1])
        let limit = MessageProtection.contentLimit
        let long = [UInt8](repeating: 1, count: limit)
        let record = try dialogue.members[0].seal([long])
        #expect(try dialogue.members[1].open(record, now: 0).messages == [long])
        #expect(throws: EncryptError.tooLong) { try dialogue.members[0].seal([long + [1]]) }
        #expect(throws: EncryptError.tooLong) { try dialogue.members[0].seal([long, long]) }
        #expect(throws: EncryptError.tooLong) { try dialogue.members[0].seal([[]], headers: long + [1]) }
        #expect(throws: EncryptError.tooLong) {
            try dialogue.members[0].seal([long], headers: [1], wholeMessage: true)
        }
        // A member that only listens.
        var listener = MessageProtection()
        try listener.install(try dialogue.epoch(of: [0, 1], at: nil, secret: 9), now: 0)
        #expect(throws: EncryptError.noKey) { try listener.seal([bread]) }
        #expect(try listener.open(try dialogue.members[0].seal([bread]), now: 0).messages == [bread])
    }

    @Test func badEpochs() throws {
        let dialogue = try ProtectionDialogue(2, EpochParameters(authenticity: .signatures))
        func make(
            secret: Int = 32, transcript: Int = 32, cluster: Int = 7, members: Int = 2, me: Int? = 0,
            identity: Int? = 0, digest: Int = 32
        ) throws -> Epoch {
            let bytes = [UInt8](repeating: 9, count: secret)
            let member = dialogue.member(0)
            return try Epoch(
                secret: SecretBytes(copying: bytes.span), cluster: [UInt8](repeating: 65, count: cluster), counter: 1,
                transcript: [UInt8](repeating: 1, count: transcript),
                members: [EpochMember](
                    repeating: EpochMember(
                        introductionDigest: [UInt8](repeating: 1, count: digest), publicKey: member.publicKey),
                    count: members),
                me: me, identity: identity.map { dialogue.identities[$0] }, parameters: dialogue.parameters)
        }
        _ = try make()
        #expect(throws: EncryptError.badArgument) { try make(secret: 31) }
        #expect(throws: EncryptError.badArgument) { try make(transcript: 33) }
        #expect(throws: EncryptError.badArgument) { try make(cluster: 0) }
        #expect(throws: EncryptError.badArgument) { try make(cluster: 256) }
        #expect(throws: EncryptError.badArgument) { try make(members: 0) }
        #expect(throws: EncryptError.badArgument) { try make(members: 65_536) }
        #expect(throws: EncryptError.badArgument) { try make(me: 2) }
        #expect(throws: EncryptError.badArgument) { try make(me: -1) }
        #expect(throws: EncryptError.badArgument) { try make(identity: nil) }
        #expect(throws: EncryptError.badArgument) { try make(identity: 1) }
        #expect(throws: EncryptError.badArgument) { try make(digest: 31) }
        _ = try make(me: nil, identity: nil)
    }

    @Test func identifiersDependOnAllThatTheMembersMustShare() throws {
        let dialogue = try ProtectionDialogue(3)
        var identifiers = [try dialogue.epoch(of: [0, 1], at: 0).identifier]
        #expect(try dialogue.epoch(of: [0, 1], at: 1).identifier == identifiers[0])
        identifiers.append(try dialogue.epoch(of: [0, 1], at: 0, secret: 10).identifier)
        identifiers.append(try dialogue.epoch(of: [0, 1], at: 0, transcript: 10).identifier)
        for parameters in everyKind where parameters != dialogue.parameters {
            identifiers.append(try ProtectionDialogue(3, parameters).epoch(of: [0, 1], at: 0).identifier)
        }
        #expect(Set(identifiers).count == 6)
        #expect(identifiers.allSatisfy { $0.count == Epoch.identifierSize })
        // How much may overtake is each member's own affair.
        let narrow = try ProtectionDialogue(3, EpochParameters(replayWindow: 64))
        #expect(try narrow.epoch(of: [0, 1], at: 0).identifier == identifiers[0])
    }

    @Test func earlierEpochsOpenWithinCountAndTime() throws {
        var dialogue = try ProtectionDialogue(2, kept: 2)
        var records: [[UInt8]] = []
        for counter in UInt64(1)...4 {
            try dialogue.install([0, 1], counter: counter, now: counter * 1_000)
            for _ in 0..<3 { records.append(try dialogue.members[0].seal([[UInt8(counter)]])) }
        }
        // The first of the four has lost its room.
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[1].open(records[0], now: 4_000) }
        let second = try dialogue.members[1].open(records[3], now: 4_000)
        #expect(second.messages == [[2]] && !second.record.isCurrent && second.record.counter == 2)
        #expect(dialogue.members[1].counters.openedEarlier == 1)
        // The second one was replaced at 3 s, the third at 4 s; each has 60 s, whether or not anybody says expire.
        #expect(dialogue.members[1].deadline == 63_000)
        _ = try dialogue.members[1].open(records[4], now: 62_999)
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[1].open(records[5], now: 63_000) }
        dialogue.members[1].expire(now: 63_000)
        #expect(dialogue.members[1].deadline == 64_000)
        _ = try dialogue.members[1].open(records[6], now: 63_999)
        dialogue.members[1].expire(now: 64_000)
        #expect(dialogue.members[1].deadline == nil)
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[1].open(records[7], now: 64_000) }
        #expect(try dialogue.members[1].open(records[9], now: .max).messages == [[4]])
        #expect(dialogue.members[1].counters.forgottenEpochs == 3)
        #expect(dialogue.members[1].counters.unknownEpoch == 3)
    }

    @Test func onlyNewerViewsAreInstalled() throws {
        var dialogue = try ProtectionDialogue(2)
        try dialogue.install([0, 1], counter: 7)
        for counter in [UInt64(0), 6, 7] {
            #expect(throws: EncryptError.stale) { try dialogue.install([0, 1], counter: counter) }
        }
        #expect(dialogue.members[0].current?.counter == 7)
        try dialogue.install([0, 1], counter: .max, now: .max - 1)
        #expect(dialogue.members[0].deadline == .max)
    }

    @Test func forgetting() throws {
        var dialogue = try ProtectionDialogue(2)
        try dialogue.install([0, 1])
        let record = try dialogue.members[0].seal([bread])
        let identifier = try MessageProtection.epochIdentifier(of: record)
        #expect(dialogue.members[1].current?.identifier == identifier)
        try dialogue.install([0, 1], counter: 2)
        #expect(dialogue.members[1].knows(epoch: identifier))
        dialogue.members[1].forgetEarlier()
        #expect(!dialogue.members[1].knows(epoch: identifier))
        #expect(throws: EncryptError.unknownEpoch) { try dialogue.members[1].open(record, now: 0) }
        dialogue.members[1].forgetAll()
        #expect(throws: EncryptError.noKey) { try dialogue.members[1].seal([bread]) }
    }

    @Test func numbersEndWithoutRepeating() throws {
        var dialogue = try ProtectionDialogue(2)
        try dialogue.install([0, 1])
        dialogue.members[0].current?.number = Epoch.numberLimit - 1
        let last = try dialogue.members[0].seal([bread])
        #expect(try dialogue.members[1].open(last, now: 0).record.number == Epoch.numberLimit)
        for _ in 0..<2 { #expect(throws: EncryptError.exhausted) { try dialogue.members[0].seal([bread]) } }
    }

    @Test func recordsMayOvertakeWithinTheWindow() throws {
        var dialogue = try ProtectionDialogue(2, EpochParameters(replayWindow: 128))
        try dialogue.install([0, 1])
        let records = try (0..<400).map { try dialogue.members[0].seal([[UInt8($0 & 255)]]) }
        // 300 comes first: 173 is the oldest that is still told from a replay. Many are lost for ever.
        _ = try dialogue.members[1].open(records[299], now: 0)
        #expect(throws: EncryptError.replayed) { try dialogue.members[1].open(records[171], now: 0) }
        for index in stride(from: 172, to: 300, by: 3) where index != 299 {
            #expect(try dialogue.members[1].open(records[index], now: 0).messages == [[UInt8(index & 255)]])
            #expect(throws: EncryptError.replayed) { try dialogue.members[1].open(records[index], now: 0) }
        }
        _ = try dialogue.members[1].open(records[399], now: 0)
        #expect(throws: EncryptError.replayed) { try dialogue.members[1].open(records[271], now: 0) }
        _ = try dialogue.members[1].open(records[273], now: 0)
    }
}

@Suite struct ReplayWindowTests {
    /// Against a plain set, with numbers that jump back and forth.
    @Test(arguments: [64, 128, 1_024])
    func agreesWithASet(_ size: Int) {
        var window = ReplayWindow(size: size)
        var seen = Set<UInt64>()
        var newest: UInt64 = 0
        var state: UInt64 = UInt64(size)
        for step in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let spread = UInt64(step % 100 == 0 ? 8 * size : 2 * size)
            let offset = (state >> 33) % spread
            let base = newest > UInt64(size) * 3 / 2 ? newest - UInt64(size) * 3 / 2 : 0
            let number = base + offset
            let isNew = number > 0 && (number > newest || newest - number < UInt64(size)) && !seen.contains(number)
            #expect(window.accepts(number) == isNew)
            guard isNew else { continue }
            window.note(number)
            seen.insert(number)
            newest = max(newest, number)
        }
        #expect(seen.count > 5_000)
    }

    @Test func theEndsOfTheNumbers() {
        var window = ReplayWindow(size: 64)
        #expect(!window.accepts(0))
        window.note(.max)
        #expect(!window.accepts(.max) && window.accepts(.max - 63) && !window.accepts(.max - 64))
    }
}
