/// One way to break the library on purpose. The simulator turns one of them on, and what must hold of every network has
/// to notice: a mutation that nothing notices means that something is not checked. See docs/simulation.md.
///
/// The library that ships has none of this: there `isBroken` is the constant false, and the code is what it would be
/// without the question.
public enum Mutation: CaseIterable, Sendable {
    // MARK: The agreement

    /// Received values may lie outside the subgroup: exponents then leak, and members' keys diverge (paper §2).
    case subgroupCheckIsSkipped
    /// A key list is installed although its sender has not proved to hold the same key: same view, another key.
    case keyConfirmationIsDropped
    /// A token's signature is not verified: what was changed on the way is accepted.
    case tokenSignatureIsSkipped
    /// A token of an earlier run of the same view is accepted: the shares of two runs are mixed.
    case runIsNotBound
    /// Who leads a leave or a refresh keeps its share: who has left can compute the new key.
    case leaveControllerKeepsShare
    /// Who leads a merge keeps its share: who joins can compute the key from before.
    case mergeControllerKeepsShare
    /// The first agreed key stays for ever: different views, one key.
    case oldKeyIsKept
    /// Alone, a member takes the generator for its key: everybody can compute it.
    case singletonKeyIsConstant
    /// The controller puts a factor-out token in another member's place: the members' keys differ.
    case factorOutsAreMisplaced

    // MARK: The robust algorithm

    /// KL forgets a flush request: the application is never asked, and the next view never comes (liveness).
    case flushRequestInKLIsForgotten
    /// KL acknowledges a flush request at once and misses a key list that others install (lemma A.6).
    case flushRequestInKLIsAcknowledged
    /// The controller acknowledges a flush without saying that it will send no key list: the others wait for one.
    case abandonmentIsNotSaid
    /// A key list is installed after the transitional signal, when those who are cut off may not have it (lemma A.6).
    case keyListAfterSignalIsAccepted
    /// Every transitional signal of the Flush layer reaches the application: more than one in a secure view.
    case signalIsRepeated
    /// The application gets no transitional signal.
    case signalIsForgotten
    /// VS_set is not intersected in CM: the transitional set names who did not move along (property 7).
    case vsSetIsNotIntersected
    /// The transitional set is the whole view (property 7).
    case transitionalSetIsEverybody
    /// The application may send after its acknowledgement: what it sends is lost (property 6).
    case sendingAfterFlushOkIsAllowed
    /// Data of the new view that overtakes the key list is dropped, where it should wait (properties 6 and 8).
    case overtakingDataIsDropped
    /// What is delivered between acknowledgement and next view is dropped (properties 6 and 8).
    case lastDataIsDropped
    /// A member does not get its own messages (property 6).
    case ownDataIsDropped
    /// The run after a restart has the identifier of the one before: it cannot begin (liveness).
    case restartKeepsRun

    // MARK: Sealed messages

    /// A sealed record is opened as often as it comes (property 5).
    case replayIsAccepted
    /// A sender's sequence number, which is its nonce, stays where it is: the second message is refused.
    case sequenceIsNotAdvanced
    /// A record may come with another service than its sender sealed in: what was changed on the way is accepted.
    case serviceIsNotChecked
    /// Safe messages travel as AGREED ones and wait for nobody (property 12).
    case safeTravelsAsAgreed

    // MARK: Flush and admission

    /// Everybody is accepted, whatever the trust store says: strangers come in.
    case admissionIsSkipped
    /// It is enough when one of two accepts the other: strangers come in.
    case acceptanceIsOneSided
    /// A proposal to go on without a silent member has no effect (liveness).
    case exclusionIsNotHonoured
    /// A view is installed without waiting for those who have not acknowledged.
    case acknowledgementsAreNotAwaited
    /// A view's counter is that of the view before (property 2).
    case viewCounterIsNotRaised
    /// Each member puts itself first: nobody agrees on who leads the agreement (liveness).
    case seniorityIsLocal
    /// Members that a partition kept apart count as having moved together (properties 7 and 8).
    case lineageIsForgotten
    /// Who has missed the key list that the others have installed counts as having moved together with them
    /// (properties 7 and 8).
    case missedKeyListIsForgiven
    /// Data of another VS view is delivered (property 3, of the Flush layer).
    case otherViewsDataIsDelivered
    /// Safe messages are delivered although not everybody has them (property 12).
    case stabilityIsNotAwaited
    /// Later messages overtake a safe one that waits (properties 9 to 11).
    case safeMessageIsOvertaken
    /// Safe messages that still wait when the transitional signal comes are lost (properties 6 and 8).
    case waitingMessagesAreLost
    /// The loss of a member is not signalled, and safe messages go on as if it had confirmed them (property 12).
    case lossIsNotSignalled
    /// A leave takes one message also when somebody may have parted without the last safe ones (property 12).
    case lateSafeMessagesAreNotConfirmed
    /// Control messages are not verified: what was changed on the way is accepted.
    case controlMessagesAreNotVerified

    // MARK: The encryption of a cluster

    /// Neither introductions nor control messages are verified: anybody speaks in a member's name.
    case encryptSignaturesAreNotVerified
    /// Everybody is let in, whatever the admission policy says.
    case encryptAdmissionIsSkipped
    /// An answer counts for whichever challenge is open: what was recorded at one join serves for another.
    case encryptAnswerIsNotBound
    /// Who was challenged gets its address although somebody else has it by the time of its answer.
    case encryptAddressIsTakenOver
    /// A refusal counts for whichever request is open: what was recorded keeps a member out.
    case encryptRefusalIsNotBound
    /// What a member says about the counter that it holds is believed, however great it is: no greater one is left.
    case encryptClaimsAreBelieved
    /// A member that says that it holds a newer view is given another one at once, as often as it says so.
    case encryptDemandsAreNotPutOff
    /// The parts of a view are not verified: anybody pushes a key in the coordinator's name.
    case encryptPartsAreNotVerified
    /// A view of any member is installed, whoever coordinates.
    case encryptAnybodyMayPush
    /// A view is installed although a newer one is.
    case encryptStaleViewIsInstalled
    /// A new view has the counter of the one before.
    case encryptCounterIsNotRaised
    /// A member that lacks the current key does not ask for it.
    case encryptKeyIsNotAskedFor
    /// Who has left is given the key when it asks.
    case encryptLeaverIsServed
    /// Who has left fetches the key where keys are exchanged outside.
    case encryptLeaverFetches
    /// The first secret serves all later views.
    case encryptSecretIsKept
    /// Earlier epochs open nothing: what was on its way when the view changed is lost.
    case encryptEarlierEpochsAreForgotten
    /// A record without content is not verified: anybody sends one in a member's name.
    case encryptEmptyRecordsAreNotVerified
    /// Headers that travel beside a record are not authenticated: they can be changed on the way.
    case encryptHeadersAreNotAuthenticated
    /// A record is opened as often as it comes.
    case encryptReplayIsAccepted
    /// A record's signature is not verified: a member speaks in another's name.
    case encryptRecordSignaturesAreNotVerified
    /// A record under an earlier key counts whoever made it: who has left speaks on.
    case encryptLeaversSpeakOn
}

#if SIMULATION
    extension Mutation {
        /// The mutation that is on in this process; set once, before anything else happens.
        nonisolated(unsafe) public static var active: Mutation? = nil

        /// Its name on the command line and in lists.
        public var name: String { String(describing: self) }
    }

    /// Whether the library is broken in this way.
    @inline(__always)
    public func isBroken(_ mutation: Mutation) -> Bool { unsafe Mutation.active == mutation }
#else
    /// Whether the library is broken in this way: never, where it is not simulated.
    @inlinable
    @inline(__always)
    public func isBroken(_ mutation: Mutation) -> Bool { false }
#endif
