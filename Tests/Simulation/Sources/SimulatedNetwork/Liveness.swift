@testable import Flush
import Observation
import Primitives
@testable import SecureGroup
import Traces

// In the end: one secure view for every component.
extension Simulation {
    /// Whether every component has come to one secure view, and nobody is about to join.
    var isSettled: Bool {
        // Most of the time somebody is in the middle of an agreement: that is seen at once.
        nodes.allSatisfy { !$0.isRunning || $0.phase == .S || $0.phase == .SJ }
            && persons.allSatisfy { !$0.isConnecting } && nodes.allSatisfy { !isOnItsWay($0) && !holdsBack($0) }
            && live.allSatisfy { obstacle(in: components[$0].members) == nil }
    }

    /// Whether no message is on its way to anybody.
    var isSilent: Bool { messagesToOrder == 0 && nodes.allSatisfy { !$0.isRunning || $0.next == nil } }

    /// Whether messages wait at a member for a safe one to become stable: confirmations that were lost are repeated.
    private func holdsBack(_ node: Node) -> Bool {
        node.isRunning && node.engine.withMachines { flush, _ in flush.installed.map { !$0.queue.isEmpty } ?? false }
    }

    private func isOnItsWay(_ node: Node) -> Bool {
        switch node.life {
        case .vanished, .leaving: true
        case .running, .gone: false
        }
    }

    /// What is wrong in the end, in words; empty when all is well.
    public func livenessViolations() -> [Violation] {
        let limit = "\(settings.bound / 1_000) ms after the last event"
        var sentences: [String] = []
        if statistics.deliveries > deliveryLimit {
            sentences.append("the network does not come to rest after \(statistics.deliveries) deliveries")
        }
        for person in persons where person.isConnecting {
            sentences.append("\(person.identity.name) still waits to connect again")
        }
        for component in live {
            if let obstacle = obstacle(in: components[component].members) { sentences.append(obstacle) }
        }
        return sentences.map { Violation(property: "liveness", sentence: "\($0), \(limit)", event: nil) }
    }

    /// Why the members of a component are not in the secure views that they should be in; nil when they are.
    private func obstacle(in members: [Int]) -> String? {
        let those = members.map { nodes[$0] }.filter { !$0.isStranger && $0.isRunning }
        if areTogether(those) { return nil }
        for node in those {
            if let obstacle = obstacle(to: node, among: those) { return obstacle }
        }
        return nil
    }

    /// The usual end, seen quickly: all are in one view, and nobody else is.
    private func areTogether(_ those: [Node]) -> Bool {
        guard let view = those.first?.engine.view, view.members.count == those.count else { return false }
        return those.allSatisfy { node in
            node.phase == .S && node.engine.view?.id == view.id
                && node.engine.view?.keyFingerprint == view.keyFingerprint
                && accept(those[0], node)
        }
    }

    private func obstacle(to node: Node, among those: [Node]) -> String? {
        let companions = those.filter { accept($0, node) }
        guard let view = node.engine.view, node.phase == .S else {
            // Whom somebody present does not accept stays outside, and waits there.
            if node.phase == .SJ, companions.count < those.count { return nil }
            return "\(name(node)) is in \(node.phase.rawValue) without a secure view of its component"
        }
        for member in view.members {
            guard let other = those.first(where: { $0.id == member.id }) else {
                return "\(name(node)) has \(member.name) in its view, who is not there"
            }
            guard accept(node, other) else { return "\(name(node)) and \(name(other)) are in one view" }
            guard other.engine.view?.id == view.id else { return "\(name(other)) is not in the view of \(name(node))" }
            guard other.engine.view?.keyFingerprint == view.keyFingerprint else {
                return "\(name(node)) and \(name(other)) have different keys"
            }
        }
        // Nobody is left out whom all of the view accept, and who accepts all of them.
        for other in companions where !view.members.contains(where: { $0.id == other.id }) {
            let theirs = those.filter { one in
                other.engine.view?.members.contains { $0.id == one.id } ?? (one === other)
            }
            let mine = those.filter { one in view.members.contains { $0.id == one.id } }
            if mine.allSatisfy({ one in theirs.allSatisfy { accept(one, $0) } }) {
                return "\(name(node)) and \(name(other)) accept each other and are not in one view"
            }
        }
        return nil
    }

    private func accept(_ one: Node, _ other: Node) -> Bool {
        persons[one.person].accepts[other.person] && persons[other.person].accepts[one.person]
    }

    private func name(_ node: Node) -> String { "\(persons[node.person].identity.name) (\(node.index))" }
}
