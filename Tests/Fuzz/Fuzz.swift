import Glibc

/// Feeds each reader of bytes from outside with mutated golden messages. It may refuse them or take them; what it takes
/// must be what it would write. Anything else, a trap above all, is a failure, and the one command that shows it again
/// is printed by scripts/fuzz.
@main struct Fuzz {
    static func main() throws {
        // Those that take longest come first, so that several workers end together.
        let readers =
            try textReaders() + secureGroupReaders() + flushReaders() + agreementReaders() + hubReaders()
            + processGroupReaders() + admissionReaders() + encryptReaders()
        var options = Options(CommandLine.arguments.dropFirst())
        if options.reader == "list" {
            for reader in readers { print(reader.name) }
            return
        }
        guard let reader = readers.first(where: { $0.name == options.reader }) else {
            stop("no such reader; try: list")
        }
        exit(run(reader, &options) ? 0 : 1)
    }

    private static func run(_ reader: Reader, _ options: inout Options) -> Bool {
        // Golden messages that are refused would make the whole run empty.
        for (index, golden) in reader.corpus.enumerated() where index < reader.acceptedCount {
            guard case .accepted = reader.read(golden) else { stop("\(reader.name) refuses golden message \(index)") }
        }
        let mutator = Mutator(corpus: reader.corpus)
        let position = Position(options.positionFile)
        let deadline = clock() + options.seconds
        var accepted = 0
        var refused = 0
        for index in options.first..<(options.first + options.inputs) {
            if index & 0xFF == 0, clock() > deadline { break }
            position.set(index)
            var generator = Generator(seed: options.seed, index: index)
            let input = mutator.input(&generator)
            if options.isShown { print("input \(index): \(hexadecimal(input))") }
            switch reader.read(input) {
            case .accepted: accepted += 1
            case .refused: refused += 1
            case .broken(let reason):
                print("\(reader.name), seed \(options.seed), input \(index): \(reason)")
                print("the input was \(hexadecimal(input))")
                return false
            }
        }
        print("\(reader.name): \(accepted + refused) inputs, \(refused) refused, \(accepted) accepted")
        return true
    }
}

/// Seconds of a clock that only goes forward.
private func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func stop(_ message: String) -> Never {
    print("fuzz: \(message)")
    exit(2)
}

private struct Options {
    var reader = ""
    var seed: UInt64 = 1
    var first: UInt64 = 0
    var inputs: UInt64 = 1_000_000
    var seconds = 3_600.0
    var isShown = false
    var positionFile: String? = nil

    init(_ arguments: ArraySlice<String>) {
        var rest = arguments
        reader = rest.popFirst() ?? "list"
        while let name = rest.popFirst() {
            if name == "--show" {
                isShown = true
                continue
            }
            guard let value = rest.popFirst() else { stop("\(name) needs a value") }
            let number = UInt64(value)
            switch (name, number) {
            case ("--seed", .some(let number)): seed = number
            case ("--first", .some(let number)): first = number
            case ("--inputs", .some(let number)): inputs = number
            case ("--seconds", .some(let number)): seconds = Double(number)
            case ("--position", _): positionFile = value
            default: stop("cannot read \(name) \(value)")
            }
        }
    }
}

/// The number of the input under way, in a file that survives the process.
private struct Position {
    private let memory: UnsafeMutablePointer<UInt64>

    init(_ path: String?) {
        guard let path else {
            memory = .allocate(capacity: 1)
            return
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0, ftruncate(descriptor, 8) == 0,
            let mapped = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED
        else { stop("cannot write \(path)") }
        close(descriptor)
        memory = mapped.bindMemory(to: UInt64.self, capacity: 1)
    }

    func set(_ index: UInt64) { memory.pointee = index }
}
