internal import Flush

/// The message of one sender to one audience that is being put together again: at most 16 MiB.
struct Reassembly {
    private let service: Service
    private let count: UInt16
    private var next: UInt16
    private(set) var plaintext: [UInt8]

    /// Begins with the first of several fragments.
    init(_ header: SealedHeader, _ plaintext: [UInt8]) {
        service = header.service
        count = header.fragmentCount
        next = 1
        self.plaintext = plaintext
        // Within the limit of a message; what is never filled is never touched either.
        self.plaintext.reserveCapacity(Int(header.fragmentCount) * Fragmentation.fragmentSize)
    }

    /// Whether a record that follows without a gap continues this message.
    func expects(_ header: SealedHeader) -> Bool {
        header.fragmentIndex == next && header.fragmentCount == count && header.service == service
    }

    /// Takes the next fragment: `open` appends its plaintext, or throws and leaves the message as it is.
    mutating func append(
        opening open: (inout [UInt8]) throws(SecureGroupError) -> Void
    ) throws(SecureGroupError) {
        try open(&plaintext)
        next += 1
    }

    /// Whether the last fragment is there.
    var isComplete: Bool { next == count }
}
