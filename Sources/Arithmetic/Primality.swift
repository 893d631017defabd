internal import CGMP

extension Limbs {
    /// Whether the number is prime, with an error below 4^-32; for the tests of the constants.
    func isProbablyPrime() -> Bool { unsafe conclave_is_prime(pointer, count, 32) == 1 }
}
