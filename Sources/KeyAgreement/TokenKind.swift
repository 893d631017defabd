/// What kind of token something claims to be: for whoever counts tokens, and never for a decision.
public struct TokenKind: Equatable, Sendable {
    private let kind: TokenEnvelope.Kind

    /// Looks at the first two bytes of a token; nil when they are not those of one.
    public init?(of token: ArraySlice<UInt8>) {
        guard token.count >= 2, token.first == TokenEnvelope.protocolVersion,
            let kind = TokenEnvelope.Kind(rawValue: token[token.startIndex + 1])
        else { return nil }
        self.kind = kind
    }

    /// Such as `partial_token`.
    public var name: StaticString {
        switch kind {
        case .partialToken: "partial_token"
        case .finalToken: "final_token"
        case .factorOutToken: "factor_out_token"
        case .tgdhLeaf, .strLeaf: "blinded_leaf"
        case .tgdhTree, .strTree: "key_tree"
        case .tgdhPath, .strPath: "blinded_path"
        case .tgdhConfirmation, .strConfirmation: "confirmation"
        case .keyList, .ckdKeyList: "key_list"
        case .controllerValue: "controller_value"
        case .memberValue: "member_value"
        case .bdFirstValue: "first_value"
        case .bdSecondValue: "second_value"
        case .bdConfirmation: "confirmation"
        }
    }
}
