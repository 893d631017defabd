/// Which of the paper's two robust algorithms a group runs: all its members the same. The number travels in the hello.
///
/// Both agree on a key whatever cascade of changes comes, and give the same guarantees. The basic one is the simpler:
/// six states, and every change begins from scratch, which costs a group of n 2n messages. The optimized one continues
/// from the last key where it can: a leave costs one message.
public enum RobustAlgorithm: UInt8, CaseIterable, Sendable {
    /// Paper §5, figure 3, appendix B.
    case optimized = 1
    /// Paper §4, figure 2, appendix A.
    case basic = 2
}
