import Flush
import Primitives
import Testing

@testable import SecureGroup

private let viewOne = ViewIdentifier(counter: 7, hash: [UInt8](repeating: 0xA1, count: 32))
private let viewTwo = ViewIdentifier(counter: 7, hash: [UInt8](repeating: 0xA2, count: 32))

func keySchedule(
    group: String = "kitchen", view: ViewIdentifier = viewOne, secret: UInt8 = 9,
    algorithm: CipherAlgorithm = .aes256GCM
) throws -> KeySchedule {
    let bytes = [UInt8](repeating: secret, count: 32)
    return try KeySchedule(
        secret: SecretBytes(copying: bytes.span), binding: ViewBinding(group: group, view: view), algorithm: algorithm)
}

private func pattern(_ count: Int) -> [UInt8] {
    // A period that no fragment boundary divides, so that a fragment in the wrong place shows.
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7 ^ $0) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes.append(contentsOf: block.prefix(count - bytes.count)) }
    return bytes
}

private func hexadecimalText(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

@Suite struct MessageProtectionTests {
    let sealer: Sealer
    let opener: Opener

    init() throws {
        sealer = Sealer(keys: try keySchedule(), sender: 1)
        opener = Opener(keys: try keySchedule(), me: 2, members: [3, 1, 2])
    }

    @Test(arguments: [CipherAlgorithm.aes256GCM, .chaCha20Poly1305])
    func roundTrip(_ algorithm: CipherAlgorithm) throws {
        let sealer = Sealer(keys: try keySchedule(algorithm: algorithm), sender: 1)
        let opener = Opener(keys: try keySchedule(algorithm: algorithm), me: 2, members: [1, 2])
        for (size, service) in [(0, Service.fifo), (1, .causal), (1_024, .agreed), (61_440, .safe)] {
            let records = try sealer.seal(pattern(size), service: service)
            #expect(records.count == 1)
            #expect(records[0].service == service)
            #expect(records[0].payload.count == size + SealedHeader.overhead)
            let opened = try opener.open(records[0].payload, from: 1, service: service, isPrivate: false)
            #expect(
                opened
                    == OpenedRecord(missing: 0, isMessageBroken: false, message: pattern(size), service: service))
        }
    }

    @Test(arguments: [61_441, 122_880, 200_000, Fragmentation.messageLimit - 1, Fragmentation.messageLimit])
    func fragments(_ size: Int) throws {
        let message = pattern(size)
        let records = try sealer.seal(message, service: .safe)
        let count = try Fragmentation.count(of: size)
        #expect(records.count == count)
        #expect(records.dropLast().allSatisfy { $0.service == .agreed })
        #expect(records.last?.service == .safe)
        for record in records.dropLast() {
            let opened = try opener.open(record.payload, from: 1, service: .agreed, isPrivate: false)
            #expect(opened.message == nil && opened.missing == 0 && !opened.isMessageBroken)
        }
        let last = try #require(records.last)
        let opened = try opener.open(last.payload, from: 1, service: .safe, isPrivate: false)
        #expect(opened.message == message)
    }

    @Test func aMessageWithoutMemoryIsLostAlone() throws {
        var asked: [Int] = []
        let opener = Opener(keys: try keySchedule(), me: 2, members: [1, 2]) { (size) in
            asked.append(size)
            return asked.count > 1
        }
        let lost = try sealer.seal(pattern(200_000), service: .safe)
        var opened = try lost.map { try opener.open($0.payload, from: 1, service: $0.service, isPrivate: false) }
        #expect(opened.map { $0.isMessageDropped } == [true, false, false, false])
        #expect(opened.allSatisfy { $0.message == nil && $0.missing == 0 && !$0.isMessageBroken })
        // Its fragments are verified all the same: a changed one is none of them.
        #expect(asked == [4 * Fragmentation.fragmentSize])
        let next = try sealer.seal(pattern(100_000), service: .safe)
        opened = try next.map { try opener.open($0.payload, from: 1, service: $0.service, isPrivate: false) }
        #expect(opened.last?.message == pattern(100_000))
        #expect(opened.allSatisfy { !$0.isMessageDropped && !$0.isMessageBroken })
        let short = try sealer.seal(pattern(Fragmentation.fragmentSize), service: .fifo)[0]
        let message = try opener.open(short.payload, from: 1, service: .fifo, isPrivate: false).message
        #expect(message?.count == Fragmentation.fragmentSize)
        #expect(asked.count == 2)
    }

    @Test func tooLong() throws {
        let message = [UInt8](repeating: 0, count: Fragmentation.messageLimit + 1)
        #expect(throws: SecureGroupError.messageTooLong) { try sealer.seal(message, service: .fifo) }
        #expect(try Fragmentation.count(of: Fragmentation.messageLimit) == Fragmentation.countLimit)
    }

    @Test func tamperingWithAnyByteIsRefusedAndChangesNothing() throws {
        let record = try sealer.seal(pattern(20), service: .fifo)[0].payload
        for index in record.indices {
            for bit in 0..<8 {
                var changed = record
                changed[index] ^= 1 << bit
                #expect(throws: SecureGroupError.self) {
                    try opener.open(changed, from: 1, service: .fifo, isPrivate: false)
                }
            }
        }
        for count in 0..<record.count {
            #expect(throws: SecureGroupError.self) {
                try opener.open(Array(record.prefix(count)), from: 1, service: .fifo, isPrivate: false)
            }
        }
        #expect(throws: SecureGroupError.badSeal) {
            try opener.open(record + [0], from: 1, service: .fifo, isPrivate: false)
        }
        #expect(try opener.open(record, from: 1, service: .fifo, isPrivate: false).message == pattern(20))
    }

    @Test func aChangedFragmentCanComeAgainUnchanged() throws {
        let message = pattern(150_000)
        let records = try sealer.seal(message, service: .fifo)
        _ = try opener.open(records[0].payload, from: 1, service: .fifo, isPrivate: false)
        var changed = records[1].payload
        changed[100] ^= 1
        #expect(throws: SecureGroupError.badSeal) {
            try opener.open(changed, from: 1, service: .fifo, isPrivate: false)
        }
        _ = try opener.open(records[1].payload, from: 1, service: .fifo, isPrivate: false)
        #expect(try opener.open(records[2].payload, from: 1, service: .fifo, isPrivate: false).message == message)
    }

    @Test func refusals() throws {
        let record = try sealer.seal([1, 2, 3], service: .agreed)[0].payload
        func expect(_ error: SecureGroupError, _ opener: Opener, from: UInt64 = 1, _ service: Service = .agreed) {
            #expect(throws: error) { try opener.open(record, from: from, service: service, isPrivate: false) }
        }
        expect(.unknownSender, opener, from: 4)
        expect(.badSeal, opener, from: 3)
        expect(.wrongService, opener, .fifo)
        expect(.wrongGroup, Opener(keys: try keySchedule(group: "cellar"), me: 2, members: [1, 2]))
        expect(.wrongView, Opener(keys: try keySchedule(view: viewTwo), me: 2, members: [1, 2]))
        expect(.badSeal, Opener(keys: try keySchedule(secret: 8), me: 2, members: [1, 2]))
        #expect(throws: SecureGroupError.wrongDestination) {
            try opener.open(record, from: 1, service: .agreed, isPrivate: true)
        }
        #expect(throws: SecureGroupError.malformed) {
            try opener.open([], from: 1, service: .agreed, isPrivate: false)
        }
        _ = try opener.open(record, from: 1, service: .agreed, isPrivate: false)
        expect(.replayed, opener)
    }

    @Test func gapsAreToldOnceAndTheRestIsDelivered() throws {
        let records = try (0..<6).map { try sealer.seal([$0], service: .fifo)[0].payload }
        func open(_ index: Int) throws -> OpenedRecord {
            try opener.open(records[index], from: 1, service: .fifo, isPrivate: false)
        }
        #expect(try open(0).missing == 0)
        let late = try open(3)
        #expect(late.missing == 2 && late.message == [3])
        #expect(throws: SecureGroupError.replayed) { try open(1) }
        #expect(throws: SecureGroupError.replayed) { try open(3) }
        let next = try open(4)
        #expect(next.missing == 0 && next.message == [4])
    }

    @Test func aMessageWithAGapIsDroppedAndTheNextOneComesThrough() throws {
        let long = try sealer.seal(pattern(200_000), service: .fifo)
        let short = try sealer.seal([5], service: .fifo)
        func open(_ record: SealedRecord) throws -> OpenedRecord {
            try opener.open(record.payload, from: 1, service: .fifo, isPrivate: false)
        }
        _ = try open(long[0])
        let broken = try open(long[2])
        #expect(broken.missing == 1 && broken.isMessageBroken && broken.message == nil)
        let rest = try open(long[3])
        #expect(rest.missing == 0 && rest.isMessageBroken && rest.message == nil)
        let next = try open(short[0])
        #expect(next.missing == 0 && !next.isMessageBroken && next.message == [5])
    }

    @Test func privateRecordsHaveASequenceOfTheirOwn() throws {
        let other = Opener(keys: try keySchedule(), me: 3, members: [1, 2, 3])
        let toTwo = try sealer.seal([2], service: .fifo, to: 2)[0].payload
        let toThree = try sealer.seal([3], service: .fifo, to: 3)[0].payload
        let toAll = try sealer.seal([0], service: .fifo)[0].payload
        #expect(try opener.open(toTwo, from: 1, service: .fifo, isPrivate: true).missing == 0)
        #expect(throws: SecureGroupError.wrongDestination) {
            try opener.open(toThree, from: 1, service: .fifo, isPrivate: true)
        }
        #expect(throws: SecureGroupError.wrongDestination) {
            try other.open(toThree, from: 1, service: .fifo, isPrivate: false)
        }
        #expect(try other.open(toThree, from: 1, service: .fifo, isPrivate: true).missing == 0)
        for opener in [opener, other] {
            #expect(try opener.open(toAll, from: 1, service: .fifo, isPrivate: false).missing == 0)
        }
    }

    @Test func exhaustion() throws {
        try sealer.skip(to: UInt64.max - 2)
        let record = try sealer.seal([1], service: .fifo)[0].payload
        #expect(throws: SecureGroupError.sequenceExhausted) { try sealer.seal([2], service: .fifo) }
        #expect(throws: SecureGroupError.sequenceExhausted) { try sealer.seal([2], service: .fifo) }
        let opened = try opener.open(record, from: 1, service: .fifo, isPrivate: false)
        #expect(opened.missing == UInt64.max - 2 && opened.message == [1])
    }

    @Test func goldenVectors() throws {
        let toAll = try sealer.seal(Array("to everybody".utf8), service: .agreed)[0].payload
        #expect(
            hexadecimalText(toAll) == "03010300000000013171d89ad00530ff7f9d4a3a75c40eaa00000000000000000000000000000001"
                + "b752d00e8f15eb78676b86ef54a1ce2c17b4cdf88b958afa22d381ed")
        let toTwo = try sealer.seal(Array("to you".utf8), service: .safe, to: 2)[0].payload
        #expect(
            hexadecimalText(toTwo) == "03010401000000013171d89ad00530ff7f9d4a3a75c40eaa00000000000000020000000000000001"
                + "ca74cfc4dbb6406483b7bad3893b5036cdc60457a885")
        let control = try keySchedule().flushControlKey().withBytes { hexadecimalText(Array($0)) }
        #expect(control == "78769c4a681a5a69688ed64993c305d281b679b14104564a01301ce1aafc417c")
        let exported = try keySchedule().export(label: [1], context: [2, 3], count: 16)
        #expect(exported.withBytes { hexadecimalText(Array($0)) } == "80a9ebef0c7b4daabaa2200d960d63ab")
    }

    @Test func exports() throws {
        let keys = try keySchedule()
        func export(_ label: [UInt8], _ context: [UInt8], _ count: Int) throws -> [UInt8] {
            try keys.export(label: label, context: context, count: count).withBytes { Array($0) }
        }
        let all = [
            try export([1], [], 32), try export([], [1], 32), try export([1, 2], [], 32), try export([1], [2], 32),
            Array(try export([1], [], 33).prefix(32)),
        ]
        for (index, first) in all.enumerated() {
            for second in all.dropFirst(index + 1) { #expect(first != second) }
        }
        for count in [0, -1, 8_161] {
            #expect(throws: SecureGroupError.badExport) { try export([1], [], count) }
        }
        #expect(throws: SecureGroupError.badExport) { try export([UInt8](repeating: 0, count: 256), [], 1) }
    }
}
