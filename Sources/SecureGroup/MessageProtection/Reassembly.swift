internal import Flush

/// The message of one sender to one audience that is being put together again: at most 16 MiB.
struct Reassembly {
    private let service: Service
    private let count: UInt16
    private var next: UInt16
    private var plaintext: [UInt8]
    /// Whether its fragments are kept. Without memory for them they are verified and counted, so that what comes next
    /// of this sender is known for what it is.
    private let isKept: Bool

    /// Begins with the first of several fragments, in an array with room for all of them; nil: there is no such room.
    init(_ header: SealedHeader, _ plaintext: [UInt8]?) {
        service = header.service
        count = header.fragmentCount
        next = 1
        isKept = plaintext != nil
        self.plaintext = plaintext ?? []
    }

    /// Whether a record that follows without a gap continues this message.
    func expects(_ header: SealedHeader) -> Bool {
        header.fragmentIndex == next && header.fragmentCount == count && header.service == service
    }

    /// Takes the next fragment: `open` appends its plaintext, or throws and leaves the message as it is.
    mutating func append(
        opening open: (inout [UInt8]) throws(SecureGroupError) -> Void
    ) throws(SecureGroupError) {
        if isKept {
            try open(&plaintext)
        } else {
            var passedOver: [UInt8] = []
            try open(&passedOver)
        }
        next += 1
    }

    /// Whether the last fragment is there.
    var isComplete: Bool { next == count }

    /// The message, once it is complete; nil when there was no memory for it.
    var message: [UInt8]? { isKept ? plaintext : nil }
}
