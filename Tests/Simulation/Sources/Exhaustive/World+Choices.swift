import Flush
import Traces

// What virtual synchrony (§3.1) lets the Flush layer do, as choices:
//
// - Messages of one sender come in the order in which they were sent. Between senders, FIFO messages come in any order,
//   at each member in its own. AGREED messages come in one order: whoever delivers one first, that nobody of its stream
//   has had, decides its place, and the others of the stream follow.
// - The transitional signal has a place in that order too (property 11.3, on which lemma A.6 rests); its place among
//   FIFO messages is each member's own. Where somebody was lost, it must come before the next view; where nobody was,
//   it may come at any time of the flush, or not at all (ours sends it right before the view).
// - The flush request comes once a change is under way, at each member at its own time, before or after the signal.
// - A view comes when all members of the component that are in a view have acknowledged, and when everything of the
//   old view that is due has been delivered. Who installs first decides; who stays connected with somebody who has
//   installed it installs it too. (Tied down: EVS would let two who stay connected part over that. Our transports do
//   not, and then the two would come from different views, which cases with a split and a merge cover.)
//
// `World+Change` says what a change of the network does.

/// How the machines behind a world answer.
struct Machinery {
    let automata: [Automaton]
    let catalogue: Catalogue
}

extension World {
    /// What may happen next. What must happen sooner or later stands first; `isOptional` tells the rest.
    func choices(_ machinery: Machinery, options: ExhaustiveOptions, into choices: inout [Choice]) {
        for member in 0..<count where stream[member] >= 0 {
            addDeliveries(to: member, machinery, &choices)
            addFlush(of: member, machinery, &choices)
        }
        guard options.allowsOptional else { return }
        for member in 0..<count where stream[member] >= 0 {
            if canSignal(member, isForced: false) { choices.append(.signal(member)) }
            if sendsLeft > 0, !hasSent.contains(member), !acknowledged.contains(member),
                machinery.automata[member].states[states[member]].canSend
            {
                choices.append(.send(member, .fifo))
                choices.append(.send(member, .agreed))
            }
        }
        if changesLeft > 0 { addChanges(machinery, options, &choices) }
    }

    /// Whether nothing is under way that must go on: what is left are new messages, changes, and signals that need not
    /// come.
    static func isSettled(_ choices: [Choice], in world: World) -> Bool {
        choices.allSatisfy { choice in
            switch choice {
            case .deliver, .request, .install, .answer: false
            case .signal(let member): !world.canSignal(member, isForced: true)
            case .send, .change, .refresh: true
            }
        }
    }

    private func addDeliveries(to member: Int, _ machinery: Machinery, _ choices: inout [Choice]) {
        guard let stream = streams[stream[member]] else { return }
        let queues = member * count
        for sender in 0..<count {
            guard let first = stream.queues[queues + sender].first else { continue }
            let isAgreed = machinery.catalogue.messages[Int(first)].service >= .agreed
            if isAgreed, let due = stream.ordered[member].first, due != first { continue }
            choices.append(.deliver(to: member, from: sender))
        }
    }

    private func addFlush(of member: Int, _ machinery: Machinery, _ choices: inout [Choice]) {
        guard let stream = streams[stream[member]], stream.isClosing else { return }
        if canSignal(member, isForced: true) { choices.append(.signal(member)) }
        if stream.view >= 0, !requested.contains(member) { choices.append(.request(member)) }
        if machinery.automata[member].states[states[member]].canAnswer { choices.append(.answer(member)) }
        if canInstall(member, stream) { choices.append(.install(member)) }
    }

    private func canSignal(_ member: Int, isForced: Bool) -> Bool {
        guard let stream = streams[stream[member]], stream.isClosing, stream.view >= 0, !signalled.contains(member)
        else { return false }
        // Once it has a place in the order, it comes.
        if let due = stream.ordered[member].first { return isForced && due == Stream.signal }
        return !stream.isSignalled && stream.mustSignal == isForced
    }

    private func canInstall(_ member: Int, _ stream: Stream) -> Bool {
        guard isReady(member, stream), stream.ordered[member].isEmpty else { return false }
        guard (0..<count).allSatisfy({ stream.queues[member * count + $0].isEmpty }) else { return false }
        guard !stream.mustSignal || signalled.contains(member) else { return false }
        guard stream.next < 0 else { return true }
        return component[member].list.allSatisfy { other in
            streams[self.stream[other]].map { $0.next < 0 && isReady(other, $0) } ?? false
        }
    }

    /// Whether a member is through with its view as far as others are concerned.
    private func isReady(_ member: Int, _ stream: Stream) -> Bool {
        stream.isClosing && (stream.view < 0 || acknowledged.contains(member))
    }
}

// MARK: - Carrying out a choice

extension World {
    /// Carries out a choice; the change of the network happens to no member.
    mutating func perform(_ choice: Choice, _ machinery: Machinery) -> (member: Int, step: LocalStep)? {
        switch choice {
        case .deliver(let receiver, let sender): return deliver(to: receiver, from: sender, machinery)
        case .signal(let member):
            placeSignal(member)
            signalled |= .one(member)
            return take(.signal, member, machinery)
        case .request(let member):
            requested |= .one(member)
            return take(.flushRequest, member, machinery)
        case .answer(let member): return take(.answer, member, machinery)
        case .send(let member, let service):
            sendsLeft -= 1
            hasSent |= .one(member)
            return take(.send(service), member, machinery)
        case .install(let member): return install(member, machinery)
        case .change(let parts, let variant):
            self = changed(to: parts, machinery)[variant]
            return nil
        case .refresh(let members):
            changesLeft -= 1
            for member in members.list { close(stream[member]) }
            return nil
        }
    }

    mutating func close(_ place: Int) {
        streams[place]?.isClosing = true
        if let next = streams[place]?.next, next >= 0 { streams[next]?.isClosing = true }
    }

    private mutating func deliver(to receiver: Int, from sender: Int, _ machinery: Machinery) -> (
        member: Int, step: LocalStep
    )? {
        guard var stream = streams[stream[receiver]] else { return nil }
        let message = stream.queues[receiver * count + sender].removeFirst()
        if machinery.catalogue.messages[Int(message)].service >= .agreed {
            order(message, in: &stream, for: receiver)
        }
        streams[self.stream[receiver]] = stream
        return take(.message(Int(message)), receiver, machinery)
    }

    private mutating func placeSignal(_ member: Int) {
        guard var stream = streams[stream[member]] else { return }
        order(Stream.signal, in: &stream, for: member)
        stream.isSignalled = true
        streams[self.stream[member]] = stream
    }

    /// Something of the agreed order comes to a member: its next, or the one that gets its place now.
    private func order(_ item: UInt16, in stream: inout Stream, for receiver: Int) {
        if stream.ordered[receiver].first == item {
            stream.ordered[receiver].removeFirst()
            return
        }
        for other in stream.staying.list where other != receiver && entered(other, stream) {
            stream.ordered[other].append(item)
        }
    }

    /// Everybody who will be in a stream keeps its order from the start, also before it has come in.
    private func entered(_ member: Int, _ stream: Stream) -> Bool { stream.alive.contains(member) }

    /// A machine takes an event, and what it sends is on its way.
    private mutating func take(
        _ event: LocalEvent, _ member: Int, _ machinery: Machinery
    ) -> (member: Int, step: LocalStep) {
        let step = machinery.automata[member].step(from: states[member], event)
        states[member] = step.target
        if !step.sends.isEmpty, var stream = streams[stream[member]] {
            for message in step.sends {
                let destination = machinery.catalogue.messages[message].destination
                for other in stream.staying.list where destination == nil || destination == other {
                    stream.queues[other * count + member].append(UInt16(message))
                }
            }
            streams[self.stream[member]] = stream
        }
        if step.acknowledges { acknowledged |= .one(member) }
        return (member, step)
    }

    // MARK: Views

    private mutating func install(_ member: Int, _ machinery: Machinery) -> (member: Int, step: LocalStep)? {
        let old = stream[member]
        guard let before = streams[old] else { return nil }
        if before.next < 0 { decide(component[member], machinery) }
        guard let next = streams[old]?.next, let view = streams[next]?.view else { return nil }
        let together = streams[old]?.together ?? 0
        streams[old]?.moved |= .one(member)
        if streams[old]?.staying == 0 { streams[old] = nil }
        stream[member] = next
        for flags in [\World.requested, \World.acknowledged, \World.signalled, \World.hasSent] {
            self[keyPath: flags] &= ~.one(member)
        }
        return take(.view(view, together: together), member, machinery)
    }

    /// The first member installs a view: from now on it is there.
    private mutating func decide(_ members: Members, _ machinery: Machinery) {
        let order = seniority(members, machinery.catalogue)
        let view = machinery.catalogue.place(of: compose(order, machinery))
        let next = add(Stream(view: view, alive: members, members: count))
        for member in members.list {
            guard var old = streams[stream[member]] else { continue }
            old.next = next
            old.together = old.alive
            streams[stream[member]] = old
        }
    }

    /// The members of a view in its order: those who move together next to each other, the largest stream first, then
    /// the one of the highest view; newcomers last.
    private func seniority(_ members: Members, _ catalogue: Catalogue) -> [Int] {
        var places: [Int] = []
        for member in members.list where !places.contains(stream[member]) { places.append(stream[member]) }
        let old = places.filter { (streams[$0]?.view ?? -1) >= 0 }.sorted { first, second in
            guard let first = streams[first], let second = streams[second] else { return false }
            if first.alive.nonzeroBitCount != second.alive.nonzeroBitCount {
                return first.alive.nonzeroBitCount > second.alive.nonzeroBitCount
            }
            let (one, other) = (catalogue.views[first.view].id, catalogue.views[second.view].id)
            if one.counter != other.counter { return one.counter > other.counter }
            if one.hash != other.hash { return other.hash.lexicographicallyPrecedes(one.hash) }
            return first.alive < second.alive
        }
        var result: [Int] = []
        for place in old {
            guard let stream = streams[place] else { continue }
            result += catalogue.views[stream.view].members.map { Int($0.id) - 101 }
                .filter { stream.alive.contains($0) }
        }
        return result + members.list.filter { !result.contains($0) }
    }
}
