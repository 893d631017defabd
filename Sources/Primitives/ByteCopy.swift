/// Copies of bytes in one piece: what copies a message uses these. The standard library's own initializers and
/// `append(contentsOf:)` go byte by byte where Embedded Swift is optimized for size, and take some thirty times longer
/// for a fragment; only those for raw buffers do not.
extension Array<UInt8> {
    /// The bytes of a slice.
    public init(copying bytes: ArraySlice<UInt8>) {
        self = unsafe bytes.withUnsafeBytes { (source) in unsafe [UInt8](copying: source) }
    }

    /// The bytes of a buffer.
    public init(copying source: UnsafeRawBufferPointer) {
        let count = source.count
        unsafe self.init(unsafeUninitializedCapacity: count) { (buffer, initialized) in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            initialized = count
        }
    }

    /// Adds bytes at the end.
    public mutating func append(copying bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { (source) in unsafe append(contentsOf: source) }
    }

    /// Adds bytes at the end.
    public mutating func append(copying bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { (source) in unsafe append(contentsOf: source) }
    }
}
