import Flush
import Traces

@testable import KeyAgreement
@testable import SecureGroup

// How the machines' own types are written in a trace.

extension Phase {
    /// The state of a robust machine.
    public init(_ secure: borrowing SecureGroup) {
        switch secure.state {
        case .waitForSelfJoin: self = .SJ
        case .secure: self = .S
        case .waitForMembership: self = .M
        case .agreeing:
            switch secure.context.phase {
            // A new member that does not know its base yet waits for the partial token that tells it.
            case .idle: self = secure.suite.agreement == .gdh ? .PT : .A
            case .waitForPartialToken: self = .PT
            case .waitForFinalToken: self = .FT
            case .collectFactOuts: self = .FO
            case .waitForKeyList: self = .KL
            case .waitForControllerValue, .collectMemberValues, .collectFirstValues, .collectSecondValues,
                .collectBlindedKeys:
                self = .A
            }
        case .waitForCascadingMembership: self = .CM
        case .over: self = .over
        }
    }
}

extension ServiceName {
    public init(_ service: Service) {
        switch service {
        case .fifo: self = .fifo
        case .causal: self = .causal
        case .agreed: self = .agreed
        case .safe: self = .safe
        }
    }
}

extension ViewName {
    public init(_ id: ViewIdentifier) {
        self.init(counter: id.counter, hash: id.hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}

extension ViewRecord {
    /// A VS view.
    public init(_ view: FlushView) {
        self.init(
            name: ViewName(view.id), members: view.members.map { $0.id }, transitionalSet: view.transitionalSet)
    }

    /// A secure view.
    public init(_ view: SecureView) {
        self.init(
            name: ViewName(view.id), members: view.members.map { $0.id }, transitionalSet: view.transitionalSet,
            keyFingerprint: hexadecimal(view.keyFingerprint))
    }
}

/// Lower-case hexadecimal digits.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

private let digits = [UInt8]("0123456789abcdef".utf8)

/// What a payload that Flush carries is to the robust machine, and what to call it.
public func classify(_ payload: [UInt8]) -> (event: RobustEvent, what: String) {
    guard let first = payload.first, let kind = PayloadKind(rawValue: first) else { return (.garbage, "garbage") }
    switch kind {
    case .agreementToken: return classifyToken(payload)
    case .restartRequest: return (.restart, restartName(payload))
    case .sealedRecord: return (.dataMessage, textName(payload.count - SealedHeader.overhead))
    }
}

/// "text of 17 bytes".
public func textName(_ size: Int) -> String { "text of \(max(size, 0)) bytes" }

/// After the payload's kind and base (3 bytes) stands the envelope: version, kind.
private func classifyToken(_ payload: [UInt8]) -> (event: RobustEvent, what: String) {
    // Behind the kind stands the suite, whose first digit is the agreement.
    guard payload.count > 5, let kind = TokenEnvelope.Kind(rawValue: payload[4]),
        kind.agreement.rawValue == payload[5] >> 4
    else { return (.garbage, "garbage for a token") }
    switch kind {
    case .partialToken: return (.partialToken, "partial token")
    case .finalToken: return (.finalToken, "final token")
    case .factorOutToken: return (.factOut, "fact out")
    case .keyList, .ckdKeyList: return (.keyList, "key list")
    case .controllerValue: return (.token, "controller's value")
    case .memberValue: return (.token, "member's value")
    case .bdFirstValue: return (.token, "first value")
    case .bdSecondValue: return (.token, "second value")
    case .bdConfirmation, .tgdhConfirmation, .strConfirmation: return (.keyList, "confirmation")
    case .tgdhLeaf, .strLeaf: return (.token, "blinded leaf")
    case .tgdhTree, .strTree: return (.token, "key tree")
    case .tgdhPath, .strPath: return (.token, "blinded path")
    }
}

private func restartName(_ payload: [UInt8]) -> String {
    guard payload.count > 2, let purpose = RestartMessage.Purpose(rawValue: payload[2]) else { return "restart" }
    switch purpose {
    case .request: return "restart request"
    case .installed: return "restart: installed"
    case .continuing: return "restart: continuing"
    case .abandoned: return "restart: abandoned"
    }
}

/// Numbers a message by what it says and who sent it. Tokens and sealed records are signed or sealed with a sequence
/// number, so that no two are alike; of what can be alike, the occurrence tells one from another.
public func messageNumber(_ payload: [UInt8], from sender: UInt64, occurrence: UInt64 = 0) -> UInt64 {
    var hash = sender ^ 0x9e37_79b9_7f4a_7c15 &* (occurrence &+ 1) ^ UInt64(payload.count)
    payload.withUnsafeBytes { bytes in
        var index = 0
        while index + 8 <= bytes.count {
            hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = rest << 8 | UInt64(bytes[index])
            index += 1
        }
        hash = mix(hash ^ rest)
    }
    return hash
}

/// Both halves of a product with an odd constant: every bit of the input reaches every bit of the output.
private func mix(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0x2d35_8dcc_aa6c_78a5).multipliedFullWidth(by: 0x8bb8_4b93_962e_acc9)
    return product.high ^ product.low
}
