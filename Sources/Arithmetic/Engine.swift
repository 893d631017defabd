internal import CGMP
internal import Primitives

/// What computes powers: numbers modulo p through GMP, points of a curve through libcrypto.
enum Engine {
    case numbers(NumberGroup, NumberWorkspace)
    /// Nil when libcrypto cannot have the curve.
    case curve(NumberGroup, EllipticCurve?)

    init(_ group: NumberGroup) {
        guard group.isCurve else {
            self = .numbers(group, NumberWorkspace(group: group))
            return
        }
        do throws(PrimitivesError) { self = .curve(group, try EllipticCurve()) } catch { self = .curve(group, nil) }
    }

    /// Whether received bytes of the right size are an element.
    func isMember(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .numbers(_, let workspace): workspace.isMember(bytes)
        case .curve(_, let curve): curve?.isPoint(bytes) ?? false
        }
    }

    func generator(of group: NumberGroup) -> Element {
        switch self {
        case .numbers(_, let workspace): return Element(workspace.generator, in: group)
        case .curve(_, let curve):
            do throws(PrimitivesError) {
                return Element(group: group, bytes: try curve?.generator() ?? [])
            } catch {
                return Element(group: group, bytes: [])
            }
        }
    }

    /// base ^ exponent, of the generator where there is no base; `wipe` is to follow.
    @unsafe
    func power(_ base: Element?, _ exponent: UnsafePointer<UInt>) throws(ArithmeticError) -> Element {
        switch self {
        case .numbers(let group, let workspace):
            unsafe workspace.raise(base, exponent)
            return Element(workspace.result, in: group)
        case .curve(let group, let curve):
            guard let curve else { throw .library }
            do throws(PrimitivesError) {
                let number = unsafe Self.bytes(of: exponent, in: group)
                return Element(group: group, bytes: try curve.multiply(base?.bytes, by: number))
            } catch {
                throw .library
            }
        }
    }

    /// The same as a secret; `wipe` is to follow.
    @unsafe
    func secretPower(_ base: Element?, _ exponent: UnsafePointer<UInt>) throws(ArithmeticError) -> SecretElement {
        switch self {
        case .numbers(let group, let workspace):
            unsafe workspace.raise(base, exponent)
            let bytes = unsafe SecretBytes(count: group.secretSize) { (buffer) in
                unsafe workspace.result.write(bigEndian: buffer)
            }
            return SecretElement(group: group, bytes: bytes)
        case .curve(let group, let curve):
            guard let curve else { throw .library }
            do throws(PrimitivesError) {
                let number = unsafe Self.bytes(of: exponent, in: group)
                let bytes = try curve.secretCoordinate(multiplying: base?.bytes, by: number)
                return SecretElement(group: group, bytes: bytes)
            } catch {
                throw .library
            }
        }
    }

    func wipe() {
        switch self {
        case .numbers(_, let workspace): workspace.wipe()
        case .curve: break
        }
    }

    /// An exponent as libcrypto reads it.
    @unsafe
    static func bytes(of exponent: UnsafePointer<UInt>, in group: NumberGroup) -> SecretBytes {
        unsafe SecretBytes(count: group.scalarLimbs * Limbs.bytesInLimb) { (buffer) in
            unsafe Limbs.write(exponent, bigEndian: buffer)
        }
    }
}

extension Element {
    /// A number of the subgroup.
    init(_ limbs: borrowing Limbs, in group: NumberGroup) {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: group.elementSize) { (buffer, count) in
            let whole = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<group.elementSize])
            unsafe limbs.write(bigEndian: whole)
            count = group.elementSize
        }
        self.init(group: group, bytes: bytes)
    }
}
