internal import SecureGroup

extension GroupDriver {
    /// On how many threads, 1 to 64, many powers at once may be computed, in this incarnation and later ones.
    public var threads: Int {
        get { options.threads }
        set {
            options.threads = newValue
            engine.threads = newValue
        }
    }
}
