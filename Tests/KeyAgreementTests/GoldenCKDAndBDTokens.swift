/// The bodies of the tokens of `CKDAndBDWireTests.golden`, and the beginnings of the tokens' SHA-256. They change only
/// with the protocol's version.
let goldenCKDAndBDBodies: [String] = [
    // The controller's value.
    """
    9e1a88d1f26258c4a5dcb3b5f12114b2c83888420a55dee6618a5843a72c347d0c00faf960e14790018610bfb123d0983124\
    8229cc19420b4c9e0f3a83a0c12f1ff424a690611b594f1e420159836837594d02f23003ff034b276dc9495326e5
    """,
    // A member's value.
    """
    287bc86adc0691be9ae87bb371e300286944a0aa1c04a0c280445be368aa63d5c3770e88704eee9d86834b7d0ed14547161d\
    df5635c2b671682778e92ea15456
    """,
    // The key list of CKD.
    """
    9e1a88d1f26258c4a5dcb3b5f12114b2c83888420a55dee6618a5843a72c347d0003000000000000000251fdf0becb398d63\
    91aed3aaaf47d967a7b2ee0666347e5f5ec04ec125001e6760fba97c000740a4b3aeefe51574ed5aeb3c53eccadeeb84cf13\
    8d9fe58cea7400000000000000035e6a1201e047cb7eb8989cc97c692e2032e8af69fdfc23387d67a5e083fab6cff6800494\
    47df45122112119d73acde344f5554378273d9bb1536c4f8edb4ed0e000000000000000434fe4dbe6b952f9a6502797c4bf4\
    93a9aec48d09913fc9f3e68d2d9d92aa986892766379d39ce9ef28020883608285c85f57d0dede2d628b9c9fe98f8b8c1ec4\
    b7d0d2c3c7774c86d8e28b91d95a3d76d7b3719c3d3d71cc1172a2194915243b
    """,
    // A value of BD's first round.
    """
    1775da1a4025374e79a4fe0c89d39ff138f4dbadb5209b93460393658b555cd1c25bac1ab4c745e500ac97864ae7dee1d011\
    cf19da15356f75ca8b1c43166cda
    """,
    // A value of its second round.
    """
    01399e6b09efc650024a6bfb690dadf559302368f6e1eb7cbce94ae350a890ead3e4e4727226484530eba0316da63c9943fb\
    e20a2329a0ac8993b76cdae4aa41ae
    """,
    // The confirmation of BD.
    """
    39eb5f883ac88a2647c99273d98c01c11d18f76a96ecccb70d0269494a3f6aff
    """,
]
let goldenCKDAndBDDigests: [String] = [
    "4f15007ae79a8c90", "3e473919999b3dc8", "a345a6923524b188", "e189d4469785a3a0", "633cc8698eaf60b9",
    "e6a831141dcc0dd6", "6c05dafeba295c63", "3684bfbed7597ad9", "ce208cbe0a428dbb", "1eb76eac16c1675d",
    "020be3388272645c", "e869344250dc8a4b", "87767bc32b7dae46",
]
