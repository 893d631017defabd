import Primitives

@testable import Encrypt

/// The members of one cluster, each with its own protection, and the epochs that they install together.
struct ProtectionDialogue {
    static let cluster = Array("kitchen".utf8)
    let parameters: EpochParameters
    let identities: [Identity]
    var members: [MessageProtection]

    init(_ count: Int = 3, _ parameters: EpochParameters = EpochParameters(), kept: Int = 4) throws {
        self.parameters = parameters
        identities = try (0..<count).map { (place) in
            let seed = [UInt8](repeating: 0xE0 + UInt8(place), count: 32)
            return try Identity(name: "member \(place)", seed: SecretBytes(copying: seed.span))
        }
        members = (0..<count).map { _ in MessageProtection(epochsKept: kept) }
    }

    func member(_ place: Int) -> EpochMember {
        EpochMember(
            introductionDigest: [UInt8](repeating: 0xD0 + UInt8(place), count: 32),
            publicKey: identities[place].publicKey)
    }

    /// The epoch of some of the members as one of them has it.
    func epoch(
        of places: [Int], at me: Int?, counter: UInt64 = 1, secret: UInt8 = 9, transcript: UInt8 = 0x51,
        cluster: [UInt8] = Self.cluster
    ) throws -> Epoch {
        let bytes = [UInt8](repeating: secret, count: 32)
        return try Epoch(
            secret: SecretBytes(copying: bytes.span), cluster: cluster, counter: counter,
            transcript: [UInt8](repeating: transcript, count: 32), members: places.map(member),
            me: me.flatMap { places.firstIndex(of: $0) }, identity: me.map { identities[$0] }, parameters: parameters)
    }

    /// A view of some of the members, with a secret of its own for each counter.
    mutating func install(_ places: [Int], counter: UInt64 = 1, now: UInt64 = 0) throws {
        for place in places {
            let number = UInt8(truncatingIfNeeded: counter)
            let epoch = try epoch(
                of: places, at: place, counter: counter, secret: 8 &+ number, transcript: 0x50 &+ number)
            try members[place].install(epoch, now: now)
        }
    }
}
