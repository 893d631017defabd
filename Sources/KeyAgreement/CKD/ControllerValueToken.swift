/// Round 1 of CKD: the controller's g^r_1, to one member or to several that have no pairwise key with it.
typealias ControllerValueToken = ValueToken
