public import Flush
public import KeyAgreement

/// A secure view: members that hold one key, delivered to the application.
public struct SecureView: Equatable, Sendable {
    /// The VS view's identifier.
    public let id: ViewIdentifier
    /// In order of seniority.
    public let members: [Member]
    /// Those who came with this member from its previous secure view through every VS view since, itself included: they
    /// have delivered the same messages there (property 8 of §3.1). In the first view of a member: itself.
    public let transitionalSet: [UInt64]
    /// The members that are not in `transitionalSet`: for this member they are new, even if they return.
    public let joined: [Member]
    /// The members of the previous secure view that are not in `transitionalSet`.
    public let left: [Member]
    /// A public name of the key (32 bytes): the same at every member of the view, another in every other view.
    public let keyFingerprint: [UInt8]
}

/// What the driver carries out after an event, in this order.
public enum SecureGroupAction: Equatable, Sendable {
    /// Hand to Flush: to all, or to one member.
    case send(payload: [UInt8], service: Service, to: UInt64?)
    /// Acknowledge to Flush (send_flush_ok).
    case flushOk
    /// Ask the application to end its sending; it answers with `secureFlushOk`.
    case deliverFlushRequest
    /// Tell the application that what follows is delivered to its transitional set alone.
    case deliverTransitionalSignal
    /// Tell Flush the members and the key of the view that is installed now: see `flushControlKey`.
    case secureViewInstalled(view: ViewIdentifier, members: [UInt64])
    /// Tell the application its new secure view.
    case deliverView(SecureView)
    /// Deliver a message to the application.
    case deliverMessage(sender: UInt64, service: Service, isPrivate: Bool, payload: [UInt8])
    /// Something was refused, or lost, as the error says; nothing else changed.
    case refused(SecureGroupError, sender: UInt64?)
    /// An event had no effect, for a good reason.
    case ignored(SecureGroupIgnoreReason, sender: UInt64?)
    /// Leave the group, and join it again with a new incarnation. This membership is over.
    case leaveAndRejoin(SecureGroupError)
    /// No key could be agreed in this view. The machine waits for the next view, which a flush or a change brings.
    case failed(SecureGroupError)
}

/// Why an event that is in order had no effect. Named, so that silence is never an accident.
public enum SecureGroupIgnoreReason: Equatable, Sendable {
    /// A token of a run that the next view abandons: it came after the transitional signal (Key_List in KL when
    /// VS_transitional), or in CM.
    case abandonedRun
    /// A token that the agreement does not need from its sender here; it was not verified.
    case unneededToken
    /// A token of a run that a restart has ended.
    case restartedRun
    /// Sealed data of a view whose key this member never had, and which is over.
    case abandonedView
    /// A request to restart an agreement that is complete here.
    case alreadyInstalled
    /// A request for a restart that has happened already.
    case alreadyRestarted
    /// A flush request while one is being answered, or after the acknowledgement.
    case alreadyRequested
    /// A second transitional signal before the next VS view.
    case alreadySignalled
    /// An event that only members of a view can get, before the first view.
    case notYetJoined
    /// An event after this membership ended.
    case ended
}

/// Times and sizes that a secure group keeps.
public struct SecureGroupLimits: Equatable, Sendable {
    /// After so many milliseconds without a key, a member asks for a restart of the agreement; 0 means never.
    public var agreementTimeout: UInt64
    /// How many restarts a view has at most, 0 to 100.
    public let restartLimit: UInt8
    /// How many bytes of data that overtook the key list are kept.
    public var queueLimit: Int

    public init(agreementTimeout: UInt64 = 15_000, restartLimit: UInt8 = 3, queueLimit: Int = 32 << 20) {
        self.agreementTimeout = agreementTimeout
        self.restartLimit = min(restartLimit, 100)
        self.queueLimit = queueLimit
    }
}

/// What a membership has done so far.
public struct SecureGroupCounters: Equatable, Sendable {
    /// The agreement's operations, over all runs.
    public var agreement = AgreementCounters()
    /// The same for the run that began last.
    public var lastRun = AgreementCounters()
    /// Secure views installed.
    public var views: UInt64 = 0
    /// Runs begun again after a restart request.
    public var restarts: UInt64 = 0
    /// Signatures of restart requests and of answers to them.
    public var signatures: UInt64 = 0
    /// Verifications of the same.
    public var verifications: UInt64 = 0
    /// Records sealed.
    public var sealed: UInt64 = 0
    /// Records opened.
    public var opened: UInt64 = 0
    /// Events refused.
    public var refused: UInt64 = 0
}
