import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

@Suite struct SuiteTests {
    @Test("exactly the suites that are built have a number")
    func numbers() {
        let accepted = (UInt16.min...UInt16.max).filter { AgreementSuite(number: $0) != nil }
        let expected = AgreementProtocol.allCases.flatMap { agreement in
            [0x111, 0x112, 0x211, 0x212, 0x311, 0x312, 0x411, 0x412, 0x511, 0x512].map {
                UInt16(agreement.rawValue) << 12 | $0
            }
        }
        #expect(accepted == expected)
        for number in accepted { #expect(AgreementSuite(number: number)?.number == number) }
        #expect(AgreementSuite.standard.number == 0x1511)
    }

    @Test("the paper's group sizes come in by the benchmark door alone")
    func benchmarks() {
        let suite = AgreementSuite(forBenchmarksIn: .paper512)
        #expect(suite.number == 0x1e11)
        #expect(AgreementSuite(number: suite.number) == nil)
    }
}
