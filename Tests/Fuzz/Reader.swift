/// What a reader did with an input.
enum Outcome {
    case refused
    case accepted
    /// It broke a promise: what it took is not what it would write.
    case broken(String)
}

/// A reader of bytes that come from outside, with messages that it takes.
struct Reader {
    let name: String
    let corpus: [[UInt8]]
    /// How many of them, from the first on, are accepted as they are.
    let acceptedCount: Int
    let read: ([UInt8]) -> Outcome

    /// A reader of a canonical form: what it accepts is, written again, the same bytes. `read` throws what refuses.
    init(_ name: String, _ corpus: [[UInt8]], writtenAgain: @escaping ([UInt8]) throws -> [UInt8]) {
        self.init(name, corpus) { (bytes: [UInt8]) -> Outcome in
            guard let written = try? writtenAgain(bytes) else { return .refused }
            return written == bytes ? .accepted : .broken("accepted, but written again as \(hexadecimal(written))")
        }
    }

    init(
        _ name: String, _ corpus: [[UInt8]], acceptedCount: Int? = nil, read: @escaping ([UInt8]) -> Outcome
    ) {
        self.name = name
        self.corpus = corpus
        self.acceptedCount = acceptedCount ?? corpus.count
        self.read = read
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
