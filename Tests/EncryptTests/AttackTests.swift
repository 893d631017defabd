import EncryptNetwork
import Testing

@testable import Encrypt

/// The simulator shows that each of these succeeds where the protection is switched off that is there for it
/// (`scripts/simulate mutations`, which fails for one that has no mutation), or one of the tests below.
@Suite struct AttackTests {
    @Test(arguments: Attack.allCases) func comesToNothing(_ attack: Attack) {
        #expect(attack.run() == [])
    }

    /// What the documentation says of rekeying that is switched off is so.
    @Test func withoutRekeyingOnJoinANewcomerReadsWhatItRecorded() throws {
        #expect(try Attack.joinerReads(rekey: [.leave, .coordinatorChange, .merge]) != [])
    }

    @Test func withoutRekeyingOnLeaveAMemberReadsOn() throws {
        #expect(try Attack.leaverReads(rekey: [.join, .coordinatorChange, .merge]) != [])
    }
}
