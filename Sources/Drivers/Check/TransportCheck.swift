public import Primitives

/// How a transport is tried out.
public struct TransportCheckOptions {
    /// Members that take part, besides those who come and go.
    public var memberCount = 4
    /// Messages that each of them sends where order is checked.
    public var messageCount = 200
    /// Milliseconds after which what has not come is missing.
    public var stepTimeout: UInt64 = 10_000

    public init() {}
}

/// Tries a transport out against the promises of docs/transports.md: several members in one thread talk, come, go and
/// fall silent, and what they are told is held against each other. Each check is told by name as it ends.
public final class TransportCheck {
    private let source: TransportSource
    private let options: TransportCheckOptions
    private let group: [UInt8]
    private let otherGroup: [UInt8]
    private let report: (_ name: StaticString, _ held: Bool, _ detail: String) -> Void
    /// Everybody who ever took part, for the records at the end.
    private var all: [CheckedMember] = []
    private var present: [CheckedMember] = []
    private var failedCount = 0

    /// - Parameter report: told of each check as it ends.
    public init(
        _ source: TransportSource, options: TransportCheckOptions, entropy: Entropy,
        report: @escaping (_ name: StaticString, _ held: Bool, _ detail: String) -> Void
    ) throws(PrimitivesError) {
        self.source = source
        self.options = options
        self.report = report
        let name = "transport-check-\(try entropy.nonzeroUInt64())"
        group = Array(name.utf8)
        otherGroup = Array((name + "-other").utf8)
    }

    /// Runs all checks; how many did not hold. Errors: what opening the first member gives.
    public func run() throws(TransportError) -> Int {
        defer { for member in all { member.transport.close() } }
        try joinFirst()
        // Without members in one configuration, nothing else can be tried.
        guard failedCount == 0 else { return failedCount }
        checkOwnMessages()
        checkOrder()
        checkUnicasts()
        checkSizes()
        checkBackPressure()
        checkPause()
        checkOtherGroup()
        checkNewcomer()
        checkLeaving()
        checkCrash()
        checkRecords()
        checkEnd()
        return failedCount
    }

    // MARK: - Coming

    private func joinFirst() throws(TransportError) {
        for _ in 0..<options.memberCount { try open() }
        let areAttached = drive { self.present.allSatisfy { $0.connection != nil } }
        check("every member is attached", areAttached, "not all were told their connection in time")
        var connections = present.compactMap { $0.connection }
        connections.sort()
        let areDistinct = connections.indices.dropFirst().allSatisfy { connections[$0 - 1] < connections[$0] }
        check("connections are distinct and not 0", areDistinct && connections.first != 0, "two are equal, or one is 0")
        check("all come into one configuration", drive { self.isTogether }, missingTogether)
    }

    @discardableResult
    private func open() throws(TransportError) -> CheckedMember {
        // A queue large enough for a moment, small enough to fill.
        let transport = try Transport.open(source, group: group, queueLimit: 1 << 20)
        let member = CheckedMember(transport, number: UInt32(all.count + 1))
        all.append(member)
        present.append(member)
        return member
    }

    /// Whether all who are present see one configuration of exactly themselves.
    private var isTogether: Bool {
        let expected = present.compactMap { $0.connection }.sorted()
        guard let first = present.first, expected.count == present.count else { return false }
        return present.allSatisfy {
            $0.lastMembers == expected && $0.lastConfiguration == first.lastConfiguration
        }
    }

    private var missingTogether: String {
        let sizes = present.map { "\($0.lastMembers.count)" }.joined(separator: ", ")
        return "the members see configurations of \(sizes) members"
    }

    // MARK: - Talking

    private func checkOwnMessages() {
        let before = present.map { $0.messageCount }
        for member in present { _ = member.send(size: 100) }
        let expected = present.count
        let present = self.present
        let came = drive {
            present.indices.allSatisfy { present[$0].messageCount >= before[$0] + expected }
        }
        let own = present.allSatisfy { member in
            member.items.contains { item in
                if case .message(_, let sender) = item { return sender == member.connection }
                return false
            }
        }
        check("a message reaches all, its sender too", came && own, "not everybody was told every message")
    }

    private func checkOrder() {
        let before = present.map { $0.messageCount }
        var left = present.map { _ in options.messageCount }
        var sent = 0
        let present = self.present
        let total = options.messageCount * present.count
        let came = drive {
            // A few of each at a time, so that they meet.
            for index in present.indices {
                for _ in 0..<min(3, left[index]) where present[index].send(size: 24 + sent % 1000).outcome == .queued {
                    left[index] -= 1
                    sent += 1
                }
            }
            return present.indices.allSatisfy { present[$0].messageCount >= before[$0] + total }
        }
        check("nothing is lost when all send", came, "\(sent) of \(total) messages were taken; some did not come")
        let flaw = CheckedRecords(members: present).flawOfOrder()
        check("the same order everywhere", flaw == nil, flaw ?? "")
        check("each sender's order is kept", sendersOrderIsKept(), "a member was told a later message first")
    }

    private func sendersOrderIsKept() -> Bool {
        for member in present {
            for sender in all.indices {
                var last: UInt64 = 0
                for case .message(let id, _) in member.items where id >> 32 == UInt64(sender + 1) {
                    let number = id & UInt64(~CheckedUnicast.mark)
                    if number < last { return false }
                    last = number
                }
            }
        }
        return true
    }

    private func checkUnicasts() {
        let first = present[0]
        let second = present[1]
        guard let ownConnection = first.connection, let otherConnection = second.connection else { return }
        let before = first.send(size: 50).id
        let toOther = first.send(size: 60, to: otherConnection).id
        let toItself = first.send(size: 70, to: ownConnection).id
        let after = first.send(size: 80).id
        let came = drive { self.present.allSatisfy { $0.place(of: after) != nil } }
        let otherPlaces = [before, toOther, after].compactMap { second.place(of: $0) }
        let ownPlaces = [before, toItself, after].compactMap { first.place(of: $0) }
        let areInPlace =
            otherPlaces.count == 3 && otherPlaces == otherPlaces.sorted() && ownPlaces.count == 3
            && ownPlaces == ownPlaces.sorted()
        check("a message to one member comes in its place", came && areInPlace, "it did not come, or out of order")
        let isPrivate =
            present.allSatisfy { $0 === second || $0.place(of: toOther) == nil }
            && present.allSatisfy { $0 === first || $0.place(of: toItself) == nil }
        check("a message to one member reaches nobody else", isPrivate, "somebody else was told it")
        check(
            "connection 0 is nobody", first.send(size: 10, to: 0).outcome == .noDestination, "a message to 0 was taken")
    }

    private func checkSizes() {
        let sender = present[0]
        let limit = sender.transport.payloadLimit
        check(
            "the payload limit is large enough", limit >= TransportLimits.leastPayload,
            "it is \(limit) bytes, and a group needs \(TransportLimits.leastPayload)")
        let before = present.map { $0.emptyCount }
        let present = self.present
        let empty = sender.transport.multicast([])
        let cameEmpty = drive { present.indices.allSatisfy { present[$0].emptyCount == before[$0] + 1 } }
        check("an empty message comes", empty == .queued && cameEmpty, "it was refused, or is missing")
        let largest = sender.send(size: limit)
        let came = drive { present.allSatisfy { $0.place(of: largest.id) != nil } }
        check(
            "a message of the payload limit comes", largest.outcome == .queued && came,
            "\(limit) bytes were refused, or are missing")
        check(
            "a larger one is refused", sender.send(size: limit + 1).outcome == .tooLarge,
            "\(limit + 1) bytes were taken")
    }
}

extension TransportCheck {
    private static let bulkSize = 60 << 10
    private static let bulkLimit = 32 << 20

    private func checkBackPressure() {
        let sender = present[0]
        let present = self.present
        let before = present.map { $0.messageCount }
        var sent = 0
        var isRefused = false
        // Nobody reads meanwhile: either the transport refuses at some point, or it holds all of it.
        while !isRefused, sent * Self.bulkSize < Self.bulkLimit {
            if sender.send(size: Self.bulkSize).outcome == .queued { sent += 1 } else { isRefused = true }
        }
        let came = drive { present.indices.allSatisfy { present[$0].messageCount >= before[$0] + sent } }
        check("what was taken comes, however much", came && sent > 0, "of \(sent) large messages some are missing")
        let again = sender.send(size: Self.bulkSize)
        let cameAgain = drive { present.allSatisfy { $0.place(of: again.id) != nil } }
        check(
            "after a refusal there is room again", again.outcome == .queued && cameAgain,
            "a message was refused when all others had been delivered")
    }

    private func checkPause() {
        let present = self.present
        let reader = present[present.count - 1]
        let before = present.map { $0.messageCount }
        let total = 100
        var left = total
        reader.transport.isReadingPaused = true
        let sendMore = { () in
            while left > 0, present[0].send(size: Self.bulkSize).outcome == .queued { left -= 1 }
        }
        // The others may be held back meanwhile; nobody is dropped for a moment's pause.
        _ = drive(milliseconds: 500) {
            sendMore()
            return false
        }
        reader.transport.isReadingPaused = false
        let came = drive {
            sendMore()
            return present.indices.allSatisfy { present[$0].messageCount >= before[$0] + total }
        }
        check(
            "who does not read for a moment misses nothing", came && reader.end == nil,
            "\(left) of \(total) were not taken; others are missing, or the reader was dropped")
    }

    // MARK: - Others, coming and going

    private func checkOtherGroup() {
        do throws(TransportError) {
            let transport = try Transport.open(source, group: otherGroup, queueLimit: 1 << 20)
            let stranger = CheckedMember(transport, number: UInt32(all.count + 1))
            all.append(stranger)
            let joined = drive(with: [stranger]) { stranger.lastMembers.count == 1 }
            let theirs = stranger.send(size: 30).id
            let ours = present[0].send(size: 30).id
            let present = self.present
            let came = drive(with: [stranger]) {
                stranger.place(of: theirs) != nil && present.allSatisfy { $0.place(of: ours) != nil }
            }
            let isApart = stranger.place(of: ours) == nil && present.allSatisfy { $0.place(of: theirs) == nil }
            check("groups of other names are apart", joined && came && isApart, "a message crossed, or did not come")
            transport.close()
        } catch {
            check("groups of other names are apart", false, "a second group could not be joined")
        }
    }

    private func checkNewcomer() {
        var left = options.messageCount
        do throws(TransportError) {
            let newcomer = try open()
            let present = self.present
            var marker: UInt64? = nil
            let came = drive {
                if left > 0, present[1].send(size: 500).outcome == .queued { left -= 1 }
                guard left == 0, self.isTogether else { return false }
                if marker == nil {
                    let last = present[0].send(size: 20)
                    if last.outcome == .queued { marker = last.id }
                }
                guard let marker else { return false }
                return present.allSatisfy { $0.place(of: marker) != nil }
            }
            check("who joins while others send comes in", came, missingTogether)
            let flaw = CheckedRecords(members: present).flawOfOrder()
            check("and is told the same from then on", flaw == nil && newcomer.flaw == nil, flaw ?? newcomer.flaw ?? "")
        } catch {
            check("who joins while others send comes in", false, "it was refused")
        }
    }

    private func checkLeaving() {
        let leaver = present[present.count - 1]
        var last: UInt64? = nil
        for _ in 0..<20 {
            let sent = leaver.send(size: 3_000)
            if sent.outcome == .queued { last = sent.id }
        }
        leaver.transport.detach()
        check(
            "who leaves can send nothing more", leaver.send(size: 10).outcome == .notAttached, "a message was taken")
        present.removeLast()
        let ended = drive(with: [leaver]) { leaver.end != nil && self.isTogether }
        check(
            "who leaves is told its end, the others a configuration without it",
            ended && leaver.end == .detached, missingTogether)
        let everybody = present + [leaver]
        let isComplete = everybody.allSatisfy { member in last.map { member.place(of: $0) != nil } ?? false }
        check("what it sent before came to all", isComplete, "its last message is missing")
        check("who is gone is sent nothing", leaver.transport.wantedEvents == 0, "its transport still waits")
    }

    private func checkCrash() {
        do throws(TransportError) {
            let victim = try open()
            let joined = drive { self.isTogether }
            guard let connection = victim.connection, joined else {
                return check("who disconnects is missed", false, "nobody could join any more")
            }
            victim.transport.close()
            present.removeLast()
            let missed = drive { self.isTogether }
            check("who disconnects is missed", missed, missingTogether)
            let remaining = present.compactMap { $0.connection }.sorted()
            let areComplete = present.allSatisfy { member in
                if case .configuration(_, _, let transitional)? = member.items.last { return transitional == remaining }
                return false
            }
            check("the others stay together", areComplete, "a transitional set is not all who are left")
            let outcome = present[0].send(size: 10, to: connection).outcome
            let after = present[0].send(size: 10).id
            let came = drive { self.present.allSatisfy { $0.place(of: after) != nil } }
            check(
                "a message to who is gone does no harm", outcome == .queued && came, "it was refused, or what follows")
            let again = try open()
            let isBack = drive { self.isTogether }
            let isNew = all.allSatisfy { $0 === again || $0.connection != again.connection }
            check(
                "who comes back has another connection", isBack && isNew, "its number was used before, or it is not in")
        } catch {
            check("who comes back has another connection", false, "it was refused")
        }
    }

    // MARK: - The end

    private func checkRecords() {
        let ofGroup = CheckedRecords(members: all)
        var flaw = ofGroup.flawOfConfigurations()
        check("every configuration is well formed, and the same at all its members", flaw == nil, flaw ?? "")
        flaw = ofGroup.flawOfRepetition()
        check("nothing is told twice", flaw == nil, flaw ?? "")
        flaw = ofGroup.flawOfOrder()
        check("messages and configurations have one order", flaw == nil, flaw ?? "")
        flaw = ofGroup.flawOfTransitionalSets()
        check("transitional sets name each other", flaw == nil, flaw ?? "")
        flaw = ofGroup.flawOfSynchrony()
        check("who goes on together was told the same", flaw == nil, flaw ?? "")
    }

    private func checkEnd() {
        let present = self.present
        for member in present { member.transport.detach() }
        let ended = drive { present.allSatisfy { $0.end != nil } }
        check(
            "all can leave at once", ended && present.allSatisfy { $0.end == .detached },
            "somebody was not told its end, or another one")
    }

    private func check(_ name: StaticString, _ held: Bool, _ detail: String) {
        if !held { failedCount += 1 }
        report(name, held, held ? "" : detail)
    }

    private func drive(
        with others: [CheckedMember] = [], milliseconds: UInt64? = nil, until isDone: () -> Bool
    ) -> Bool {
        CheckedWait.drive(present + others, milliseconds: milliseconds ?? options.stepTimeout, until: isDone)
    }
}
