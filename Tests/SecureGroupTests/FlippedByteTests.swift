import Arithmetic
import Foundation
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// Flipping any single byte of any message of a five-member join gives an error at the receiver and never two keys in
/// one view; and the group reaches a secure view once the tampering stops.
///
/// Every message is tried at bytes drawn by a seed; `CONCLAVE_FULL=1` tries every byte of every message (some minutes).
@Suite struct FlippedByteTests {
    private static let identities = try? EngineNetwork.identities(5)

    /// A group of four, quiet.
    private func groupOfFour(_ algorithm: RobustAlgorithm) throws -> EngineNetwork {
        let identities = try #require(Self.identities)
        let suite = Suite(forBenchmarksIn: .paper512)
        let network = try EngineNetwork(seed: 7, suite: suite, algorithm: algorithm, trusting: identities)
        for identity in identities.prefix(4) {
            try network.connect(identity)
            try network.run()
        }
        #expect(network.isTogether)
        return network
    }

    /// The messages of the fifth member's join, as they are sent when nobody tampers.
    private func messagesOfTheJoin(_ algorithm: RobustAlgorithm) throws -> [EngineNetwork.Message] {
        let network = try groupOfFour(algorithm)
        let first = network.sent
        var messages: [EngineNetwork.Message] = []
        network.tamper = { message, _ in
            if !messages.contains(where: { $0.number == message.number }) { messages.append(message) }
            return message.bytes
        }
        try network.connect(try #require(Self.identities)[4])
        try network.run()
        #expect(network.isTogether)
        return messages.filter { $0.number >= first }
    }

    private func tryFlip(
        _ algorithm: RobustAlgorithm, _ target: EngineNetwork.Message, byte: Int, mask: UInt8, everywhere: Bool
    ) throws {
        let network = try groupOfFour(algorithm)
        var victims: Set<UInt64> = []
        network.tamper = { message, receiver in
            guard message.number == target.number else { return message.bytes }
            if !everywhere, let victim = victims.first, victim != receiver { return message.bytes }
            victims.insert(receiver)
            var bytes = message.bytes
            bytes[byte] ^= mask
            return bytes
        }
        try network.connect(try #require(Self.identities)[4])
        try network.wait(120_000) { network.isTogether }
        let what = "message \(target.number) (type \(target.bytes[1])) byte \(byte) of \(target.bytes.count) ^ \(mask)"
        for victim in victims {
            let node = network.nodes.first { $0.connection == victim }
            #expect(node?.problems.isEmpty != true, "no error at the receiver: \(what)")
        }
        #expect(!network.hasSplitKey, "two keys: \(what)")
        #expect(network.isTogether, "no secure view after it: \(what)")
    }

    @Test("any flipped byte is an error, never two keys, and does not last", arguments: RobustAlgorithm.allCases)
    func flippedBytes(_ algorithm: RobustAlgorithm) throws {
        let environment = ProcessInfo.processInfo.environment
        let full = environment["CONCLAVE_FULL"] != nil
        let seed = environment["CONCLAVE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
        print("replay: CONCLAVE_SEED=\(seed) swift test --filter FlippedByteTests")
        var state = seed
        func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
        for message in try messagesOfTheJoin(algorithm) {
            let size = message.bytes.count
            let positions = full ? Array(0..<size) : (0..<6).map { $0 < 2 ? roll(min(size, 64)) : roll(size) }
            for byte in positions {
                try tryFlip(algorithm, message, byte: byte, mask: UInt8(1 << roll(8)), everywhere: roll(2) == 0)
            }
        }
    }
}
