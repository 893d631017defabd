internal import COpenSSL

/// Sums of public points, in a time that depends on them. nil stands for the point at infinity.
extension EllipticCurve {
    /// first - second. Throws `.badSize` for what is no point.
    public func difference(_ first: [UInt8], _ second: [UInt8]) throws(PrimitivesError) -> [UInt8]? {
        let sum = try Sum(self)
        try read(first)
        unsafe try sum.add(point)
        try read(second)
        guard unsafe EC_POINT_invert(group, point, context) == 1 else { throw .cryptography }
        unsafe try sum.add(point)
        return try sum.bytes
    }

    /// (p1) + (p1 + p2) + (p1 + p2 + p3) and so on. Throws `.badSize` for what is no point.
    public func sumOfPrefixes(_ points: [[UInt8]?]) throws(PrimitivesError) -> [UInt8]? {
        let prefix = try Sum(self)
        let sum = try Sum(self)
        for bytes in points {
            if let bytes {
                try read(bytes)
                unsafe try prefix.add(point)
            }
            unsafe try sum.add(prefix.point)
        }
        return try sum.bytes
    }

    /// A point that grows, from the one at infinity.
    @safe
    private final class Sum {
        private let curve: EllipticCurve
        let point: OpaquePointer

        init(_ curve: EllipticCurve) throws(PrimitivesError) {
            guard let point = unsafe EC_POINT_new(curve.group) else { throw .cryptography }
            unsafe self.point = unsafe point
            self.curve = curve
            guard unsafe EC_POINT_set_to_infinity(curve.group, point) == 1 else { throw .cryptography }
        }

        deinit { unsafe EC_POINT_free(point) }

        @unsafe
        func add(_ other: OpaquePointer) throws(PrimitivesError) {
            guard unsafe EC_POINT_add(curve.group, point, point, other, curve.context) == 1 else {
                throw .cryptography
            }
        }

        var bytes: [UInt8]? {
            get throws(PrimitivesError) {
                unsafe EC_POINT_is_at_infinity(curve.group, point) == 1 ? nil : try curve.write(point)
            }
        }
    }
}
