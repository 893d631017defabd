public import Primitives

/// A secret that all members of a cluster were given beforehand, and that each proves to hold without showing it.
///
/// Its proofs can be tried against guesses by whoever records them: it has to be random, not a word.
public final class PreSharedSecret: Sendable {
    /// Bytes of the shortest secret.
    public static let sizeMinimum = 16
    /// Bytes of the longest secret.
    public static let sizeLimit = 1_024
    /// Bytes of a proof.
    public static let tagSize = 32

    /// What a proof is for. Each has a key of its own, so that a proof for one is none for another.
    public enum Purpose: UInt8, Sendable {
        /// In an introduction.
        case introduction = 1
        /// The coordinator's, to a newcomer.
        case challenge = 2
        /// The newcomer's answer.
        case answer = 3
    }

    private let introductionKey: AuthenticationKey
    private let challengeKey: AuthenticationKey
    private let answerKey: AuthenticationKey

    /// Derives the keys; the secret itself is not kept. Throws `.badArgument` for one of less than 16 or more than
    /// 1,024 bytes.
    public init(_ secret: borrowing SecretBytes) throws(EncryptError) {
        guard (Self.sizeMinimum...Self.sizeLimit).contains(secret.count) else { throw .badArgument }
        introductionKey = try Self.key(secret, .introduction)
        challengeKey = try Self.key(secret, .challenge)
        answerKey = try Self.key(secret, .answer)
    }

    /// The proof over some parts, which are told apart by their lengths: 32 bytes.
    public func tag(_ purpose: Purpose, _ parts: [[UInt8]]) throws(EncryptError) -> [UInt8] {
        var writer = ByteWriter(capacity: parts.reduce(0) { $0 + $1.count + 4 })
        for part in parts { writer.writeVector32(part) }
        do throws(PrimitivesError) { return try key(purpose).code(over: writer.bytes) } catch {
            throw .primitives(error)
        }
    }

    /// Whether a tag is the proof over these parts, in time that does not depend on where it differs.
    public func verify(_ tag: [UInt8], _ purpose: Purpose, _ parts: [[UInt8]]) -> Bool {
        do throws(EncryptError) { return constantTimeEquals(try self.tag(purpose, parts), tag) } catch { return false }
    }

    private func key(_ purpose: Purpose) -> AuthenticationKey {
        switch purpose {
        case .introduction: introductionKey
        case .challenge: challengeKey
        case .answer: answerKey
        }
    }

    private static func key(
        _ secret: borrowing SecretBytes, _ purpose: Purpose
    ) throws(EncryptError) -> AuthenticationKey {
        do throws(PrimitivesError) {
            return try AuthenticationKey(
                KeyDerivation.derive(
                    from: secret, label: "conclave pre-shared secret", context: [purpose.rawValue], count: 32))
        } catch {
            throw .primitives(error)
        }
    }
}
