import Primitives

extension Mutation {
    /// What must notice it, as the checks' names begin: a mutation that breaks something else by accident, or that
    /// brings to light what is wrong without it, proves nothing about the check that is there for it.
    var expected: [String] {
        switch self {
        case .subgroupCheckIsSkipped: ["values are in the subgroup"]
        case .keyConfirmationIsDropped, .oldKeyIsKept:
            ["same view, same key", "different views, different keys", "keys (a)", "keys (b)"]
        case .tokenSignatureIsSkipped, .serviceIsNotChecked: ["authenticity"]
        case .runIsNotBound: ["tokens are fresh"]
        case .leaveControllerKeepsShare, .mergeControllerKeepsShare, .singletonKeyIsConstant: ["keys (d)"]
        case .factorOutsAreMisplaced, .restartKeepsRun: ["undisturbed", "liveness"]
        case .flushRequestInKLIsForgotten, .abandonmentIsNotSaid, .exclusionIsNotHonoured,
            .acknowledgementsAreNotAwaited:
            ["liveness", "exhaustive"]
        case .flushRequestInKLIsAcknowledged: ["A.6", "staying together", "7.", "8 ", "exhaustive"]
        case .keyListAfterSignalIsAccepted: ["figure 2, KL"]
        case .signalIsRepeated, .signalIsForgotten: ["13 "]
        case .vsSetIsNotIntersected, .transitionalSetIsEverybody: ["7."]
        case .lineageIsForgotten, .missedKeyListIsForgiven: ["7.", "8 "]
        case .sendingAfterFlushOkIsAllowed: ["6 ", "A.1"]
        case .overtakingDataIsDropped, .lastDataIsDropped, .waitingMessagesAreLost: ["6 ", "8 "]
        case .ownDataIsDropped, .sequenceIsNotAdvanced: ["6 "]
        case .replayIsAccepted: ["5 "]
        case .safeTravelsAsAgreed, .stabilityIsNotAwaited, .lossIsNotSignalled, .lateSafeMessagesAreNotConfirmed:
            ["12."]
        case .admissionIsSkipped, .acceptanceIsOneSided: ["admission"]
        case .viewCounterIsNotRaised: ["2 "]
        case .seniorityIsLocal: ["one name, one view"]
        case .otherViewsDataIsDelivered: ["3 "]
        case .safeMessageIsOvertaken: ["9 ", "10 ", "11."]
        case .controlMessagesAreNotVerified: ["one name, one view", "7.", "8 ", "liveness"]
        case .encryptSignaturesAreNotVerified, .encryptAdmissionIsSkipped, .encryptAnswerIsNotBound,
            .encryptAddressIsTakenOver, .encryptRefusalIsNotBound, .encryptClaimsAreBelieved,
            .encryptDemandsAreNotPutOff, .encryptPartsAreNotVerified, .encryptLeaverFetches, .encryptAnybodyMayPush,
            .encryptStaleViewIsInstalled, .encryptCounterIsNotRaised,
            .encryptKeyIsNotAskedFor, .encryptLeaverIsServed, .encryptSecretIsKept, .encryptEarlierEpochsAreForgotten,
            .encryptEmptyRecordsAreNotVerified, .encryptHeadersAreNotAuthenticated, .encryptReplayIsAccepted,
            .encryptRecordSignaturesAreNotVerified, .encryptLeaversSpeakOn:
            ["attack"]
        }
    }

    /// Whether a check is one that is there for this mutation; a process that traps or hangs needs none.
    func isExpected(_ check: String) -> Bool {
        ["crash", "hangs"].contains(check) || expected.contains { check.hasPrefix($0) }
    }
}
