#if SIMULATION
    /// Keyed-hash tags in the place of signatures, for the simulator: of Ed25519's sizes, and many times as fast.
    ///
    /// The hash's key follows from the public key, so that anybody can make any tag; what the simulator needs of a
    /// signature is that it fits one sender and one message, and nothing else. Each step is a bijection of the state:
    /// two messages of one size that differ in one word of eight bytes never have one tag, any others with a
    /// probability of 2^-64.
    enum SimulatedSignature {
        /// What the public keys of such identities begin with; a real one does with a probability of 2^-64.
        private static let mark = Array("simulate".utf8)

        static func isPublicKey(_ bytes: [UInt8]) -> Bool {
            bytes.count == Identity.publicKeySize && word(bytes, 0) == word(mark, 0)
        }

        static func publicKey(seed: UInt64) -> [UInt8] {
            mark + words(startingWith: step(seed, 1), count: 3)
        }

        static func tag(_ publicKey: [UInt8], _ message: [UInt8]) -> [UInt8] {
            var state = hash(publicKey, from: 0)
            state = hash(message, from: state)
            return words(startingWith: state, count: Identity.signatureSize / 8)
        }

        private static func hash(_ bytes: [UInt8], from start: UInt64) -> UInt64 {
            var state = step(start, UInt64(bytes.count))
            let whole = bytes.count / 8
            for index in 0..<whole { state = step(state, word(bytes, index)) }
            var rest: UInt64 = 0
            for byte in bytes[(8 * whole)...] { rest = rest << 8 | UInt64(byte) }
            return step(state, rest)
        }

        @inline(__always)
        private static func word(_ bytes: [UInt8], _ index: Int) -> UInt64 {
            unsafe UInt64(
                littleEndian: bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }

        @inline(__always)
        private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
            // An odd factor and a folded shift: each can be undone. The number is 2^64 divided by the golden ratio.
            let product = ((state ^ word) &+ 0x9e37_79b9_7f4a_7c15) &* 0x9e37_79b9_7f4a_7c15
            return product ^ (product >> 29)
        }

        private static func words(startingWith start: UInt64, count: Int) -> [UInt8] {
            unsafe [UInt8](unsafeUninitializedCapacity: 8 * count) { (buffer, initialized) in
                var state = start
                for index in 0..<8 * count {
                    if index % 8 == 0 { state = step(state, UInt64(index)) }
                    unsafe buffer[index] = UInt8(truncatingIfNeeded: state >> UInt64(8 * (index % 8)))
                }
                initialized = 8 * count
            }
        }
    }
#endif
