/// The partial token (paper §3.2): g to the product of the shares collected so far, on its way along the new members.
typealias PartialToken = ValueToken
