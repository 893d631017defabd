internal import Primitives

/// A message of the Flush layer, told apart by its type byte.
enum FlushMessage {
    case hello(Hello, Authenticator)
    case acknowledgement(FlushAcknowledgement, Authenticator)
    case exclusion(Exclusion, Authenticator)
    case stability(Stability, Authenticator)
    case data(DataMessage)

    static func read(_ bytes: [UInt8], group: [UInt8]) throws(FlushError) -> FlushMessage {
        guard bytes.count >= 2 else { throw .malformed(.truncated) }
        guard bytes[0] == FlushWire.protocolVersion else { throw .unsupportedVersion }
        switch FlushWire.MessageType(rawValue: bytes[1]) {
        case .hello:
            let (message, authenticator) = try Hello.read(bytes, group: group)
            return .hello(message, authenticator)
        case .acknowledgement:
            let (message, authenticator) = try FlushAcknowledgement.read(bytes, group: group)
            return .acknowledgement(message, authenticator)
        case .exclusion:
            let (message, authenticator) = try Exclusion.read(bytes, group: group)
            return .exclusion(message, authenticator)
        case .stability:
            let (message, authenticator) = try Stability.read(bytes, group: group)
            return .stability(message, authenticator)
        case .data:
            return .data(try DataMessage.read(bytes[...]))
        case nil:
            throw .malformed(.badValue)
        }
    }
}
