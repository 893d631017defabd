internal import Primitives

/// A member of a cluster, for one start of it.
public final class EncryptMember: Sendable, Equatable {
    // First, beside the count of references: of a thousand members that a view has, no more than that is looked at.
    /// The digest of the introduction: what the member is called in views. A new start has a new one.
    public let digest: MemberDigest
    /// What it introduced itself with; authentic.
    public let introduction: Introduction

    /// Throws `.wrongCluster`, `.badSignature` and `.malformed` for what is not authentic.
    init(_ introduction: Introduction, cluster: [UInt8]) throws(EncryptError) {
        if !isBroken(.encryptSignaturesAreNotVerified) { try introduction.authenticate(cluster: cluster) }
        guard let digest = MemberDigest(introduction.digest) else { throw .malformed }
        self.introduction = introduction
        self.digest = digest
    }

    /// The host's name of it.
    public var address: [UInt8] { introduction.address }
    /// Its identity's public key.
    public var publicKey: [UInt8] { introduction.publicKey }

    public static func == (first: EncryptMember, second: EncryptMember) -> Bool {
        first === second || first.digest == second.digest
    }
}

/// Who shares the keys of one epoch, as the coordinator composed it.
public struct EncryptView: Equatable, Sendable {
    /// Greater than that of every view which any of its members was in before.
    public let counter: UInt64
    /// The identifier of its epoch, 16 bytes, derived from secret and members.
    public let epoch: [UInt8]
    /// The members in the host view's order.
    public let members: [EncryptMember]
    /// The coordinator's place among them.
    public let coordinatorPlace: Int
    /// The place of the member that was asked.
    public let ownPlace: Int

    /// Who composed and signed it.
    public var coordinator: EncryptMember { members[coordinatorPlace] }

    /// The place of a member; nil when it is in the view no more, or not yet.
    public func place(of digest: MemberDigest) -> Int? { members.firstIndex { $0.digest == digest } }
}
