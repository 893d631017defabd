internal import Primitives

/// How often each thing has happened to this member's records.
public struct ProtectionCounters: Equatable, Sendable {
    /// Records sealed, and messages in them.
    public var sealedRecords: UInt64 = 0
    public var sealedMessages: UInt64 = 0
    /// Records opened, messages in them, and how many of the records were of an earlier epoch.
    public var openedRecords: UInt64 = 0
    public var openedMessages: UInt64 = 0
    public var openedEarlier: UInt64 = 0
    /// Records refused, by cause.
    public var malformed: UInt64 = 0
    public var unknownEpoch: UInt64 = 0
    public var unknownSender: UInt64 = 0
    public var badSeal: UInt64 = 0
    public var badSignature: UInt64 = 0
    public var replayed: UInt64 = 0
    /// Epochs forgotten, by time or because newer ones took their room.
    public var forgottenEpochs: UInt64 = 0

    public init() {}

    mutating func refused(_ error: EncryptError) {
        switch error {
        case .malformed, .unsupportedVersion: malformed &+= 1
        case .unknownEpoch: unknownEpoch &+= 1
        case .unknownSender: unknownSender &+= 1
        case .badSeal: badSeal &+= 1
        case .badSignature: badSignature &+= 1
        case .replayed: replayed &+= 1
        default: break
        }
    }
}

/// Seals the messages of one member and opens those of the others.
///
/// The current epoch seals and opens. Earlier ones open what was on its way when the view changed, and are bounded by
/// count and by time. Records of an earlier epoch are opened from members of the current view only: who has left keeps
/// its keys, and says nothing with them any more.
///
/// In the steady state, which is when a sender's first record of the epoch is past, neither sealing nor opening into
/// the caller's buffer allocates memory with sender keys; signatures do, for themselves and inside libcrypto.
public struct MessageProtection {
    /// The most bytes of a record's content.
    public static let contentLimit = 16 * 1_024 * 1_024
    /// The most messages of one record.
    public static var batchLimit: Int { RecordContent.batchLimit }
    /// Bytes that a record of one message has more than its payload, at most, host's headers not counted.
    public static let overheadLimit = RecordHeader.overhead + Identity.signatureSize + 4

    /// An epoch before the current one.
    struct Earlier {
        let epoch: Epoch
        /// From this time on it opens nothing.
        let end: UInt64
    }

    /// How many earlier epochs are kept at most.
    public let epochsKept: Int
    /// How long an epoch still opens when a newer one has taken its place, in milliseconds.
    public let epochLifetime: UInt64
    /// What has happened so far.
    public internal(set) var counters = ProtectionCounters()
    /// What seals now.
    public private(set) var current: Epoch? = nil
    /// Newest first.
    var earlier: [Earlier] = []
    /// What signatures are made over, kept so that its memory is.
    var signed: [UInt8] = []

    public init(epochsKept: Int = 4, epochLifetime: UInt64 = 60_000) {
        self.epochsKept = max(epochsKept, 0)
        self.epochLifetime = epochLifetime
    }

    /// Makes an epoch the current one. Throws `.stale` unless its view is newer than every one before it: a key whose
    /// numbers were used is never begun anew.
    public mutating func install(_ epoch: Epoch, now: UInt64) throws(EncryptError) {
        if let current {
            guard epoch.counter > current.counter || isBroken(.encryptStaleViewIsInstalled) else { throw .stale }
            let (end, isLate) = now.addingReportingOverflow(epochLifetime)
            earlier.insert(Earlier(epoch: current, end: isLate ? .max : end), at: 0)
        }
        current = epoch
        while earlier.count > epochsKept {
            earlier.removeLast()
            counters.forgottenEpochs &+= 1
        }
        expire(now: now)
    }

    /// Forgets the epochs whose time is over.
    public mutating func expire(now: UInt64) {
        // The oldest one has the earliest end.
        while let last = earlier.last, last.end <= now {
            earlier.removeLast()
            counters.forgottenEpochs &+= 1
        }
    }

    /// Forgets all earlier epochs at once: when a member was put out because it is not trusted any more.
    public mutating func forgetEarlier() {
        counters.forgottenEpochs &+= UInt64(earlier.count)
        earlier.removeAll()
    }

    /// Forgets every key; nothing is sealed or opened until an epoch is installed.
    public mutating func forgetAll() {
        forgetEarlier()
        current = nil
    }

    /// When `expire` is to be called next; nil when there is nothing to forget.
    public var deadline: UInt64? { earlier.last?.end }

    /// Whether records of this epoch can be opened.
    public func knows(epoch identifier: [UInt8]) -> Bool {
        current?.identifier == identifier || earlier.contains { $0.epoch.identifier == identifier }
    }

    func epoch(_ tag: EpochIdentifier, now: UInt64) throws(EncryptError) -> Epoch {
        if let current, current.tag == tag { return current }
        guard let known = earlier.first(where: { $0.epoch.tag == tag }), now < known.end else { throw .unknownEpoch }
        return known.epoch
    }
}
