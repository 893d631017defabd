/// What a member keeps of the last run that it completed, whatever the agreement, until the next is installed.
final class CompletedRun {
    let binding: [UInt8]
    let members: [Participant]
    let key: GroupKey

    init(_ run: RunContext, key: GroupKey) {
        binding = run.binding
        members = run.members
        self.key = key
    }

    /// The place of a member in that run; nil for one that did not complete it or had another public key.
    func place(of participant: Participant) -> Int? { members.firstIndex(of: participant) }
}
