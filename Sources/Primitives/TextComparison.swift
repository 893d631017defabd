extension String {
    /// Whether two texts are the same bytes, which is what the wire, C, Python and Go mean by the same name.
    ///
    /// `==` asks whether Unicode takes them for the same text; the tables for that would make the library larger by
    /// 35 KB, and the answer depend on the version of Unicode that a member was built with.
    public func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
