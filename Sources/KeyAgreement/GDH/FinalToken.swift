/// The final token (paper §3.2): the value that the last new member received, unchanged, for everybody to factor out.
typealias FinalToken = ValueToken
