internal import COpenSSL

/// The workspace for points of the curve P-256 (FIPS 186-4, D.1.2.3), which has a prime number of them: every point but
/// the one at infinity generates them all, and is written uncompressed, as 4, x and y in 65 bytes (SEC 1, 2.3.3).
///
/// A multiplication by one scalar takes libcrypto a time that does not depend on the scalar, the zero bytes at its top
/// excepted, as everywhere in libcrypto; that of the generator goes over a table that libcrypto brings along. What a
/// multiplication leaves in memory is wiped when it ends.
@safe
public final class EllipticCurve {
    /// Bytes of a point.
    public static let pointSize = 65
    /// Bytes of a coordinate of a point.
    public static let coordinateSize = 32
    /// Bytes of a scalar.
    public static let scalarSize = 32

    let group: OpaquePointer
    /// For what is public. Operations with secrets have libcrypto take a context of their own, which it wipes.
    let context: OpaquePointer
    let point: OpaquePointer
    let product: OpaquePointer
    private let scalar: OpaquePointer
    private let coordinate: OpaquePointer

    /// Throws `.cryptography` where libcrypto cannot have the curve.
    public init() throws(PrimitivesError) {
        let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)
        let context = unsafe BN_CTX_new()
        let point = unsafe group.flatMap { unsafe EC_POINT_new($0) }
        let product = unsafe group.flatMap { unsafe EC_POINT_new($0) }
        let scalar = unsafe BN_secure_new()
        let coordinate = unsafe BN_secure_new()
        guard let group = unsafe group, let context = unsafe context, let point = unsafe point,
            let product = unsafe product, let scalar = unsafe scalar, let coordinate = unsafe coordinate
        else {
            unsafe EC_POINT_free(point)
            unsafe EC_POINT_free(product)
            unsafe EC_GROUP_free(group)
            unsafe BN_CTX_free(context)
            unsafe BN_free(scalar)
            unsafe BN_free(coordinate)
            throw .cryptography
        }
        unsafe BN_set_flags(scalar, BN_FLG_CONSTTIME)
        unsafe self.group = unsafe group
        unsafe self.context = unsafe context
        unsafe self.point = unsafe point
        unsafe self.product = unsafe product
        unsafe self.scalar = unsafe scalar
        unsafe self.coordinate = unsafe coordinate
    }

    deinit {
        unsafe EC_POINT_free(point)
        unsafe EC_POINT_clear_free(product)
        unsafe BN_clear_free(scalar)
        unsafe BN_clear_free(coordinate)
        unsafe BN_CTX_free(context)
        unsafe EC_GROUP_free(group)
    }

    /// Whether bytes are a point of the curve, uncompressed, and not the one at infinity.
    public func isPoint(_ bytes: [UInt8]) -> Bool {
        do throws(PrimitivesError) {
            try read(bytes)
            return true
        } catch {
            return false
        }
    }

    /// The generator.
    public func generator() throws(PrimitivesError) -> [UInt8] {
        guard let generator = unsafe EC_GROUP_get0_generator(group) else { throw .cryptography }
        return unsafe try write(generator)
    }

    /// The point that a scalar, `scalarSize` secret big-endian bytes of a number in [1, order - 1], makes of a point;
    /// of the generator when there is none. Throws `.badSize` for what is no point.
    public func multiply(_ bytes: [UInt8]?, by number: borrowing SecretBytes) throws(PrimitivesError) -> [UInt8] {
        defer { wipe() }
        try setProduct(of: bytes, number)
        return unsafe try write(product)
    }

    /// The x-coordinate of the point that `multiply` gives, for a point that is a secret; with `addend`, of the sum of
    /// both. Throws `.badSize` when the sum is the point at infinity.
    public func secretCoordinate(
        multiplying bytes: [UInt8]?, by number: borrowing SecretBytes, plus addend: [UInt8]? = nil
    ) throws(PrimitivesError) -> SecretBytes {
        defer { wipe() }
        try setProduct(of: bytes, number)
        if let addend {
            try read(addend)
            guard unsafe EC_POINT_add(group, product, product, point, nil) == 1 else { throw .cryptography }
            guard unsafe EC_POINT_is_at_infinity(group, product) == 0 else { throw .badSize }
        }
        guard unsafe EC_POINT_get_affine_coordinates(group, product, coordinate, nil, nil) == 1 else {
            throw .cryptography
        }
        return unsafe try SecretBytes(count: Self.coordinateSize) { (buffer) throws(PrimitivesError) in
            let size = Int32(Self.coordinateSize)
            guard unsafe BN_bn2binpad(coordinate, buffer.baseAddress, size) == size else { throw .cryptography }
        }
    }

    private func setProduct(of bytes: [UInt8]?, _ number: borrowing SecretBytes) throws(PrimitivesError) {
        guard number.count == Self.scalarSize else { throw .badSize }
        let isSet = unsafe number.withBytes { (bytes) in
            unsafe BN_bin2bn(bytes.baseAddress, Int32(Self.scalarSize), scalar) != nil
        }
        guard isSet else { throw .cryptography }
        let done: Int32
        if let bytes {
            try read(bytes)
            done = unsafe EC_POINT_mul(group, product, nil, point, scalar, nil)
        } else {
            done = unsafe EC_POINT_mul(group, product, scalar, nil, nil, nil)
        }
        guard done == 1, unsafe EC_POINT_is_at_infinity(group, product) == 0 else { throw .cryptography }
    }

    /// Sets `point`. libcrypto checks that the coordinates are reduced and fit the curve's equation.
    func read(_ bytes: [UInt8]) throws(PrimitivesError) {
        guard bytes.count == Self.pointSize, bytes[0] == 4 else { throw .badSize }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard unsafe EC_POINT_oct2point(group, point, bytes, bytes.count, context) == 1 else { throw .badSize }
    }

    @unsafe
    func write(_ point: OpaquePointer) throws(PrimitivesError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.pointSize)
        let size = unsafe EC_POINT_point2oct(
            group, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, bytes.count, nil)
        guard size == Self.pointSize else { throw .cryptography }
        return bytes
    }

    /// Overwrites what depends on secrets: the product with the generator, which has as many words.
    private func wipe() {
        unsafe BN_clear(scalar)
        unsafe BN_clear(coordinate)
        unsafe EC_POINT_copy(product, EC_GROUP_get0_generator(group))
    }
}
