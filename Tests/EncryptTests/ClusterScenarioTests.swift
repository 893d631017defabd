import EncryptNetwork
import Testing

/// A few seeds of `scripts/simulate encrypt`, with real keys and signatures.
@Suite struct ClusterScenarioTests {
    @Test(arguments: Array(1...40) + [7342, 7653, 8659, 10786, 13464, 17666] as [UInt64]) func seedHolds(_ seed: UInt64)
        throws
    {
        let scenario = try ClusterScenario(seed: seed)
        let violations = scenario.run()
        if !violations.isEmpty { print(scenario.log.joined(separator: "\n")) }
        #expect(violations == [])
    }
}
