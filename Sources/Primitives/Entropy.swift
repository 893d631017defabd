internal import COpenSSL
internal import CPlatform

/// Where random bytes come from: always handed in, so that tests and the simulator replay from a seed.
public final class Entropy: @unchecked Sendable {
    private enum Source {
        case system
        case seeded(seed: [UInt8], counter: UInt64)
    }

    private var source: Source

    private init(_ source: Source) { self.source = source }

    /// libcrypto's generator, seeded by the operating system.
    public static func system() -> Entropy { Entropy(.system) }

    /// A reproducible stream: SHA-256 of seed and block number. For tests, and where nothing secret follows
    /// from it (`WrappingKind.isUsable`): nobody chooses it by the C API.
    public static func seeded(_ seed: UInt64) -> Entropy {
        var writer = ByteWriter()
        writer.writeUInt64(seed)
        return Entropy(.seeded(seed: writer.bytes, counter: 0))
    }

    /// Fills a buffer with random bytes.
    @unsafe
    public func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws(PrimitivesError) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        switch source {
        case .system:
            guard buffer.count <= Int(Int32.max), unsafe RAND_bytes(base, Int32(buffer.count)) == 1 else {
                throw .entropy
            }
        case .seeded(let seed, var counter):
            var produced = 0
            while produced < buffer.count {
                var writer = ByteWriter()
                writer.writeRaw(seed)
                writer.writeUInt64(counter)
                counter &+= 1
                for byte in try Digest.sha256(writer.bytes) where produced < buffer.count {
                    unsafe base[produced] = byte
                    produced += 1
                }
            }
            source = .seeded(seed: seed, counter: counter)
        }
    }

    /// Random bytes that are not secret (nonces, incarnations).
    public func publicBytes(_ count: Int) throws(PrimitivesError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: PrimitivesError? = nil
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            do throws(PrimitivesError) { unsafe try fill(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// A random 64-bit number that is not zero (an incarnation; zero means "nobody" on the wire).
    public func nonzeroUInt64() throws(PrimitivesError) -> UInt64 {
        for _ in 0..<8 {
            var value: UInt64 = 0
            for byte in try publicBytes(8) { value = value << 8 | UInt64(byte) }
            if value != 0 { return value }
        }
        throw .entropy
    }
}
