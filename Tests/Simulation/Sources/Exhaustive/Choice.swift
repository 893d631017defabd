import Flush

/// One thing that may happen next.
enum Choice: Hashable {
    /// A member gets the next message of a sender.
    case deliver(to: Int, from: Int)
    /// A member gets the transitional signal.
    case signal(Int)
    /// A member gets the flush request.
    case request(Int)
    /// A member installs the next VS view.
    case install(Int)
    /// An application answers the flush request.
    case answer(Int)
    /// An application sends.
    case send(Int, Service)
    /// The network changes: who is connected, and which of the ways in which that can reach the members.
    case change([Members], variant: Int)
    /// A component is asked for a new view with the same members.
    case refresh(Members)
}

/// A choice is written in a schedule as a short word, so that a whole schedule fits a command line.
extension Choice: CustomStringConvertible {
    var description: String {
        func letter(_ member: Int) -> String { String(Automaton.name(of: member).first ?? "?") }
        func letters(_ members: Members) -> String { members.list.map(letter).joined() }
        switch self {
        case .deliver(let receiver, let sender): return "\(letter(sender))\(letter(receiver))"
        case .signal(let member): return "s\(letter(member))"
        case .request(let member): return "r\(letter(member))"
        case .install(let member): return "v\(letter(member))"
        case .answer(let member): return "o\(letter(member))"
        case .send(let member, let service): return "\(service == .fifo ? "f" : "g")\(letter(member))"
        case .change(let parts, let variant):
            return "n" + parts.map(letters).joined(separator: "-") + (variant == 0 ? "" : ":\(variant)")
        case .refresh(let members): return "k" + letters(members)
        }
    }
}
