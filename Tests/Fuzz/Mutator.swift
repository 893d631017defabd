/// A reproducible stream of numbers (SplitMix64): each input has one of its own, so that it can be made again alone.
struct Generator {
    private var state: UInt64

    init(seed: UInt64, index: UInt64) {
        state = seed
        state = next() ^ (index &* 0x9E37_79B9_7F4A_7C15)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound` - 1; 0 for a bound of 0.
    mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}

/// Makes inputs of golden messages: one to four changes each.
struct Mutator {
    let corpus: [[UInt8]]
    /// Bytes of the largest input: longer ones only take longer.
    static let sizeLimit = 8_192
    private static let interesting: [UInt64] = [
        0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x3FF, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x4_0000, 0x7FFF_FFFF,
        0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ]

    func input(_ generator: inout Generator) -> [UInt8] {
        var bytes = corpus[generator.below(corpus.count)]
        for _ in 0...generator.below(4) { change(&bytes, &generator) }
        if bytes.count > Self.sizeLimit { bytes.removeSubrange(Self.sizeLimit...) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ generator: inout Generator) {
        let place = generator.below(bytes.count)
        switch generator.below(10) {
        case 0, 1: if !bytes.isEmpty { bytes[place] ^= 1 << UInt8(generator.below(8)) }
        case 2: if !bytes.isEmpty { bytes[place] = generator.byte() }
        case 3: bytes.removeSubrange(place...)
        case 4: for _ in 0...generator.below(16) { bytes.append(generator.byte()) }
        case 5, 6: editNumber(&bytes, place, &generator)
        case 7:
            let other = corpus[generator.below(corpus.count)]
            bytes.replaceSubrange(place..., with: other[generator.below(other.count)...])
        case 8:
            let end = min(bytes.count, place + 1 + generator.below(40))
            bytes.removeSubrange(place..<end)
        default:
            let end = min(bytes.count, place + 1 + generator.below(40))
            bytes.insert(contentsOf: bytes[place..<end], at: generator.below(bytes.count + 1))
        }
    }

    /// Overwrites, or counts up or down, a big-endian number of 1, 2, 4 or 8 bytes: lengths and counts are such.
    private func editNumber(_ bytes: inout [UInt8], _ place: Int, _ generator: inout Generator) {
        let width = min(1 << generator.below(4), bytes.count - place)
        guard width > 0 else { return }
        var value: UInt64 = 0
        for offset in 0..<width { value = value << 8 | UInt64(bytes[place + offset]) }
        switch generator.below(4) {
        case 0: value &+= 1
        case 1: value &-= 1
        case 2: value = UInt64(bytes.count) &- UInt64(generator.below(16))
        default: value = Self.interesting[generator.below(Self.interesting.count)]
        }
        for offset in (0..<width).reversed() {
            bytes[place + offset] = UInt8(truncatingIfNeeded: value)
            value >>= 8
        }
    }
}
