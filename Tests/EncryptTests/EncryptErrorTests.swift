import Testing

@testable import Encrypt

@Suite struct EncryptErrorTests {
    /// They travel in authenticated refusals: a number never changes its meaning.
    @Test func causesOfRefusalKeepTheirNumbers() {
        let known = (UInt8.min...UInt8.max).compactMap(AdmissionRefusal.init(rawValue:))
        #expect(
            known == [
                .unknownKey, .certificateUntrusted, .certificateExpired, .certificateRevoked, .certificateWrongName,
                .certificateUnfit, .wrongSecret, .patternMismatch, .hasLeft, .other,
            ])
    }
}
