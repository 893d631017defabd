/// What the host is to do next, in this order.
public enum EncryptAction: Equatable, Sendable {
    /// Send bytes, over whatever the host sends with: they may be lost, doubled, delayed and overtaken.
    case send(to: EncryptDestination, bytes: [UInt8])
    /// Tell the program.
    case event(EncryptEvent)
    /// Deliver: the record that was received, or one that had to wait for its epoch.
    case deliver(EncryptDelivery)
    /// What was received, or had waited, was refused and has changed nothing.
    case refused(EncryptError)
}

/// To whom something is sent.
public enum EncryptDestination: Equatable, Sendable {
    /// Everybody in the host view, and who else can hear; the sender need not get it.
    case everyone
    /// One member, by the host's name.
    case address([UInt8])
}

/// The messages of one record that was opened.
public struct EncryptDelivery: Equatable, Sendable {
    /// Who has sealed it.
    public let sender: EncryptMember
    /// What was inside.
    public let opened: OpenedMessages
}

/// What a program is told.
public enum EncryptEvent: Equatable, Sendable {
    /// A view was installed: from now on its epoch seals.
    case view(EncryptView)
    /// A member says, authenticated, that it leaves. Until the next view nothing is sealed.
    case memberLeaves(EncryptMember)
    /// The coordinator, which this member admits, does not let it in.
    case refusedByCoordinator(EncryptMember, AdmissionRefusal)
    /// This member does not admit another one: one that asks to be let in, or the coordinator, or one in a pushed view,
    /// which is not installed then.
    case notAdmitted(EncryptMember, AdmissionRefusal)
    /// The key of a view with this counter is to be fetched from its coordinator, and supplied (`supplyKey`). Told
    /// again when the view is pushed again: nothing is to be begun anew while a fetch of that view goes on.
    case keyWanted(counter: UInt64, coordinator: EncryptMember)
    /// So many records of epochs that did not come were dropped.
    case recordsDropped(UInt64)
}
