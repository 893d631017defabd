internal import Flush

/// The message of one sender to one audience that is being put together again: at most 16 MiB.
struct Reassembly {
    private let service: Service
    private let count: UInt16
    private var next: UInt16
    private var plaintext: [UInt8] = []
    /// Whether its fragments are kept. Without memory for them they are verified and counted, so that what comes next
    /// of this sender is known for what it is.
    let isKept: Bool

    /// Begins with the first of several fragments.
    ///
    /// - Parameter hasRoom: tells whether so many bytes could be had: the most that the fragments can hold.
    init(_ header: SealedHeader, _ plaintext: [UInt8], hasRoom: (_ size: Int) -> Bool) {
        service = header.service
        count = header.fragmentCount
        next = 1
        let size = Int(header.fragmentCount) * Fragmentation.fragmentSize
        isKept = hasRoom(size)
        guard isKept else { return }
        self.plaintext = plaintext
        // Within the limit of a message; what is never filled is never touched either.
        self.plaintext.reserveCapacity(size)
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
