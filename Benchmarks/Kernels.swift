internal import Arithmetic
internal import Flush
internal import Primitives
internal import SecureGroup

/// One group of numbers with a base and an exponent, for a loop in C over the library's own exponentiation.
final class ExponentiationKernel {
    private var context: ExponentiationContext
    private let base: Element
    private let exponent: Scalar

    init(base: Element, exponent: consuming Scalar, context: consuming ExponentiationContext) {
        self.context = context
        self.base = base
        self.exponent = exponent
    }

    static func make() -> ExponentiationKernel? {
        do throws(ArithmeticError) {
            let entropy = Entropy.seeded(1)
            var context = ExponentiationContext(group: .ffdhe3072)
            let base = try context.power(context.generator, try Scalar(random: .ffdhe3072, from: entropy))
            let exponent = try Scalar(random: .ffdhe3072, from: entropy)
            return ExponentiationKernel(base: base, exponent: exponent, context: context)
        } catch {
            return nil
        }
    }

    /// The low byte of the result, so that no compiler finds the work useless; -1 on failure.
    func run() -> Int32 {
        do throws(ArithmeticError) { return Int32(try context.power(base, exponent).bytes[0]) } catch { return -1 }
    }

    /// Copies the base as big-endian bytes.
    func copyBase(_ target: UnsafeMutablePointer<UInt8>) {
        for (index, byte) in base.bytes.enumerated() { unsafe target[index] = byte }
    }
}

/// Fifty elements of a group to one exponent, or one to many.
final class BatchKernel {
    private var context: ExponentiationContext
    private let bases: [Element]
    private let exponent: Scalar
    private let exponents: ScalarList

    init(
        bases: [Element], exponent: consuming Scalar, exponents: consuming ScalarList,
        context: consuming ExponentiationContext
    ) {
        self.context = context
        self.bases = bases
        self.exponent = exponent
        self.exponents = exponents
    }

    static func make(_ group: NumberGroup) -> BatchKernel? {
        do throws(ArithmeticError) {
            let entropy = Entropy.seeded(1)
            var context = ExponentiationContext(group: group)
            var exponents = ScalarList(group: group, capacity: 50)
            for _ in 0..<50 { try exponents.append(try Scalar(random: group, from: entropy)) }
            let bases = try context.powers(context.generator, exponents)
            let exponent = try Scalar(random: group, from: entropy)
            return BatchKernel(bases: bases, exponent: exponent, exponents: exponents, context: context)
        } catch {
            return nil
        }
    }

    /// The low byte of the last result; -1 on failure.
    func raise(threads: Int) -> Int32 {
        context.threads = threads
        do throws(ArithmeticError) { return Int32(try context.powers(bases, exponent)[49].bytes[0]) } catch {
            return -1
        }
    }

    /// The same for one base, which is the generator or another element.
    func raiseOne(isGenerator: Bool) -> Int32 {
        context.threads = 1
        do throws(ArithmeticError) {
            return Int32(try context.powers(isGenerator ? context.generator : bases[0], exponents)[49].bytes[0])
        } catch {
            return -1
        }
    }
}

/// A sealer and the opener of its records, as a member and its neighbour have them in a view.
final class ProtectionKernel {
    private let sealer: Sealer
    private let opener: Opener
    private let message: [UInt8]

    init(sealer: Sealer, opener: Opener, message: [UInt8]) {
        self.sealer = sealer
        self.opener = opener
        self.message = message
    }

    static func make(size: Int) -> ProtectionKernel? {
        do throws(SecureGroupError) {
            let keys = try keySchedule()
            return ProtectionKernel(
                sealer: Sealer(keys: keys, sender: 1), opener: Opener(keys: keys, me: 2, members: [1, 2]),
                message: [UInt8](repeating: 7, count: size))
        } catch {
            return nil
        }
    }

    private static func keySchedule() throws(SecureGroupError) -> KeySchedule {
        let view = ViewIdentifier(counter: 1, hash: [UInt8](repeating: 1, count: 32))
        let binding: ViewBinding
        do throws(PrimitivesError) {
            binding = try ViewBinding(group: "benchmark", view: view)
        } catch {
            throw .primitives(error)
        }
        let bytes = [UInt8](repeating: 9, count: 32)
        return try KeySchedule(secret: SecretBytes(copying: bytes.span), binding: binding, algorithm: .aes256GCM)
    }

    /// Seals and opens once: the size of what came out; -1 on failure.
    func run() -> Int {
        do throws(SecureGroupError) {
            let records = try sealer.seal(message, service: .fifo)
            let opened = try opener.open(records[0].payload, from: 1, service: .fifo, isPrivate: false)
            return opened.message?.count ?? -1
        } catch {
            return -1
        }
    }
}

@_cdecl("kernel_exponentiation_new")
public func kernelExponentiationNew() -> UnsafeMutableRawPointer? {
    guard let kernel = ExponentiationKernel.make() else { return nil }
    return unsafe Unmanaged.passRetained(kernel).toOpaque()
}

@_cdecl("kernel_exponentiation_run")
public func kernelExponentiationRun(_ kernel: UnsafeMutableRawPointer) -> Int32 {
    unsafe Unmanaged<ExponentiationKernel>.fromOpaque(kernel).takeUnretainedValue().run()
}

@_cdecl("kernel_exponentiation_base")
public func kernelExponentiationBase(_ kernel: UnsafeMutableRawPointer, _ target: UnsafeMutablePointer<UInt8>) {
    unsafe Unmanaged<ExponentiationKernel>.fromOpaque(kernel).takeUnretainedValue().copyBase(target)
}

@_cdecl("kernel_batch_new")
public func kernelBatchNew(_ group: UInt8) -> UnsafeMutableRawPointer? {
    guard let group = NumberGroup(rawValue: group), let kernel = BatchKernel.make(group) else { return nil }
    return unsafe Unmanaged.passRetained(kernel).toOpaque()
}

@_cdecl("kernel_batch_raise")
public func kernelBatchRaise(_ kernel: UnsafeMutableRawPointer, _ threads: Int32) -> Int32 {
    unsafe Unmanaged<BatchKernel>.fromOpaque(kernel).takeUnretainedValue().raise(threads: Int(threads))
}

@_cdecl("kernel_batch_raise_one")
public func kernelBatchRaiseOne(_ kernel: UnsafeMutableRawPointer, _ isGenerator: Int32) -> Int32 {
    unsafe Unmanaged<BatchKernel>.fromOpaque(kernel).takeUnretainedValue().raiseOne(isGenerator: isGenerator != 0)
}

@_cdecl("kernel_protection_new")
public func kernelProtectionNew(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let kernel = ProtectionKernel.make(size: size) else { return nil }
    return unsafe Unmanaged.passRetained(kernel).toOpaque()
}

@_cdecl("kernel_protection_run")
public func kernelProtectionRun(_ kernel: UnsafeMutableRawPointer) -> Int {
    unsafe Unmanaged<ProtectionKernel>.fromOpaque(kernel).takeUnretainedValue().run()
}
