#if SIMULATION
    /// The simulator's group of numbers: one limb, so that an exponentiation costs less than a microsecond.
    ///
    /// p = 2^64 - 8489 is the largest prime below 2^64 with p ≡ 7 modulo 8 and (p - 1) / 2 prime. Both primes were
    /// found with Miller-Rabin to the bases 2 to 37, which decides numbers below 3.3 × 10^24, and confirmed by
    /// `openssl prime 18446744073709543127 9223372036854771563`. The tests of the simulator check them once more with
    /// GMP.
    enum SimulatedNumbers {
        static let shape = NumberGroup.Shape(elementSize: 8, orderBits: 63, modulus: "ffffffffffffded7")

        /// p.
        static let modulus: UInt64 = 0xffff_ffff_ffff_ded7
        /// 2^64 modulo p.
        private static let wrap: UInt64 = 8489

        /// base ^ exponent modulo p, in a time that depends on the exponent: nothing here is a secret worth keeping.
        static func power(_ base: UInt, _ exponent: UInt) -> UInt {
            let base = UInt64(base)
            var result: UInt64 = 1
            for position in (0..<64 - exponent.leadingZeroBitCount).reversed() {
                result = product(result, result)
                if exponent >> UInt(position) & 1 == 1 { result = product(result, base) }
            }
            return UInt(result)
        }

        /// first · second modulo p: the upper half of the product counts 2^64, which is `wrap`, twice over.
        @inline(__always)
        static func product(_ first: UInt64, _ second: UInt64) -> UInt64 {
            let whole = first.multipliedFullWidth(by: second)
            let folded = whole.high.multipliedFullWidth(by: wrap)
            // folded.high < wrap, so that this product fits into 64 bits easily.
            let once = whole.low.addingReportingOverflow(folded.low)
            let rest = (folded.high &+ (once.overflow ? 1 : 0)) &* wrap
            let twice = once.partialValue.addingReportingOverflow(rest)
            let sum = twice.overflow ? twice.partialValue &+ wrap : twice.partialValue
            return sum >= modulus ? sum &- modulus : sum
        }
    }

    extension Scalar {
        /// A copy of the number, in big-endian bytes, for the oracle of keys: it sees everybody's secrets.
        public borrowing func revealed() -> [UInt8] {
            unsafe [UInt8](unsafeUninitializedCapacity: limbs.count * Limbs.bytesInLimb) { (buffer, count) in
                count = limbs.count * Limbs.bytesInLimb
                unsafe limbs.write(bigEndian: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }
#endif
