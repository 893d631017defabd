import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

@Suite struct SuiteTests {
    @Test("exactly the suites that are built have a number")
    func numbers() {
        let accepted = (UInt16.min...UInt16.max).filter { AgreementSuite(number: $0) != nil }
        #expect(accepted == [0x1111, 0x1112, 0x1211, 0x1212, 0x1311, 0x1312, 0x1411, 0x1412])
        for number in accepted { #expect(AgreementSuite(number: number)?.number == number) }
        #expect(AgreementSuite.standard.number == 0x1211)
        #expect(AgreementSuite.standard.name.description == "GDH_FFDHE3072_ED25519_AES256GCM")
    }

    @Test("the paper's group sizes come in by the benchmark door alone")
    func benchmarks() {
        let suite = AgreementSuite(forBenchmarksIn: .paper512)
        #expect(suite.number == 0x1e11)
        #expect(AgreementSuite(number: suite.number) == nil)
    }
}
