/// A pattern as the shell has them: `*` stands for any run of characters, `?` for one, `\` takes the next one as it is.
/// Everything else stands for itself, and all of a text has to fit.
public struct TextPattern: Equatable, Sendable {
    /// Bytes of the longest pattern.
    public static let sizeLimit = 255

    private enum Part: Equatable, Sendable {
        case byte(UInt8)
        case one
        case run
    }

    private let parts: [Part]

    /// Reads a pattern; throws `.badArgument` for one that is empty, too long, or ends in a lone `\`.
    public init(_ text: [UInt8]) throws(EncryptError) {
        guard (1...Self.sizeLimit).contains(text.count) else { throw .badArgument }
        var parts: [Part] = []
        var isEscaped = false
        for byte in text {
            if isEscaped {
                parts.append(.byte(byte))
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = true
            case UInt8(ascii: "?"): parts.append(.one)
            case UInt8(ascii: "*"): if parts.last != .run { parts.append(.run) }
            default: parts.append(.byte(byte))
            }
        }
        guard !isEscaped else { throw .badArgument }
        self.parts = parts
    }

    /// The pattern with its ASCII letters in lower case.
    var lowercased: TextPattern {
        TextPattern(
            parts: parts.map { (part) in
                guard case .byte(let byte) = part else { return part }
                return .byte(lowercase(byte))
            })
    }

    private init(parts: [Part]) { self.parts = parts }

    /// Whether a text fits. `unless` is a byte that neither `*` nor `?` stands for (the dot of a DNS name); with
    /// `isText`, `?` stands for a character of UTF-8 and not for a byte. The time is at most the product of both sizes.
    public func fits(_ text: [UInt8], unless separator: UInt8? = nil, isText: Bool = true) -> Bool {
        var place = 0
        var position = 0
        // Where to go on when what follows the last run does not fit: the run takes one more byte.
        var resume: (place: Int, position: Int)? = nil
        while position < text.count || place < parts.count {
            if place < parts.count {
                switch parts[place] {
                case .run:
                    resume = (place, position)
                    place += 1
                    continue
                case .one where position < text.count && text[position] != separator:
                    place += 1
                    position = isText ? Self.nextCharacter(in: text, after: position) : position + 1
                    continue
                case .byte(let byte) where position < text.count && text[position] == byte:
                    place += 1
                    position += 1
                    continue
                case .one, .byte: break
                }
            }
            guard let (run, start) = resume, start < text.count, text[start] != separator else { return false }
            let next = isText ? Self.nextCharacter(in: text, after: start) : start + 1
            resume = (run, next)
            place = run + 1
            position = next
        }
        return true
    }

    private static func nextCharacter(in text: [UInt8], after position: Int) -> Int {
        var next = position + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}

/// Which names and addresses members may have. A member chooses both itself: a pattern keeps out who is here by
/// mistake, and nobody who lies. It belongs together with something that is proved (`AdmissionPolicy.all`).
public struct MembershipPattern: Equatable, Sendable {
    /// How many patterns there are at most of each sort.
    public static let countLimit = 1_024

    private let names: [TextPattern]
    private let addresses: [TextPattern]

    /// The name has to fit one of `names`, and the address one of `addresses`; an empty list asks nothing. Throws
    /// `.badArgument` when both are empty, or too long.
    public init(names: [TextPattern] = [], addresses: [TextPattern] = []) throws(EncryptError) {
        guard !(names.isEmpty && addresses.isEmpty), names.count <= Self.countLimit,
            addresses.count <= Self.countLimit
        else { throw .badArgument }
        self.names = names
        self.addresses = addresses
    }

    /// Whether a member's name and address fit.
    public func fits(name: [UInt8], address: [UInt8]) -> Bool {
        (names.isEmpty || names.contains { $0.fits(name) })
            && (addresses.isEmpty || addresses.contains { $0.fits(address, isText: false) })
    }
}
