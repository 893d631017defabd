public import CConclave
internal import Encrypt
internal import Primitives

/// `conclave_encrypt_options`, checked.
struct EncryptOptions {
    let keySource: KeySource
    let parameters: EpochParameters
    let wholeMessage: Bool
    private let chosen: conclave_encrypt_options

    /// NULL means the standard ones.
    @unsafe
    init(_ options: UnsafePointer<conclave_encrypt_options>?) throws(Failure) {
        var chosen = standardEncryptOptions
        if let options = unsafe options {
            guard unsafe options.pointee.size == MemoryLayout<conclave_encrypt_options>.size else {
                throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the size is not sizeof(conclave_encrypt_options)")
            }
            chosen = unsafe options.pointee
        }
        let day: UInt32 = 86_400_000
        let minute: UInt32 = 60_000
        guard (1...UInt32(EpochParameters.replayWindowLimit)).contains(chosen.replay_window),
            chosen.epochs_kept <= 64, (1...day).contains(chosen.epoch_lifetime_ms), chosen.gather_ms <= minute,
            (1...minute).contains(chosen.ask_after_ms), (1...minute).contains(chosen.repeat_after_ms),
            (1_000...16_777_216).contains(chosen.part_size),
            let rules = UInt8(exactly: chosen.rekey), rules <= RekeyRules.all.rawValue
        else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "an option is outside what the header says") }
        switch Int(chosen.keys_from) {
        case CONCLAVE_KEYS_FROM_COORDINATOR: keySource = .coordinator(RekeyRules(rawValue: rules))
        case CONCLAVE_KEYS_FROM_STORE: keySource = .keyStore
        case CONCLAVE_KEYS_BY_EXCHANGE: keySource = .external(RekeyRules(rawValue: rules))
        default: throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "keys come from the coordinator, a store or an exchange")
        }
        guard let cipher = UInt8(exactly: chosen.cipher).flatMap(CipherAlgorithm.init(rawValue:)),
            let authenticity = UInt8(exactly: chosen.authenticity).flatMap(SenderAuthenticity.init(rawValue:))
        else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "there is no such cipher, or no such authenticity") }
        parameters = EpochParameters(
            cipher: cipher, authenticity: authenticity, replayWindow: Int(chosen.replay_window))
        wholeMessage = chosen.whole_message
        self.chosen = chosen
    }

    func configuration(_ cluster: [UInt8], _ policy: AdmissionPolicy) -> EncryptConfiguration {
        var configuration = EncryptConfiguration(
            cluster: cluster, keySource: keySource, policy: policy, parameters: parameters)
        configuration.sealsWhileMembersLeave = chosen.seals_while_members_leave
        configuration.gatherFor = UInt64(chosen.gather_ms)
        configuration.askAfter = UInt64(chosen.ask_after_ms)
        configuration.repeatAfter = UInt64(chosen.repeat_after_ms)
        configuration.partSize = chosen.part_size
        configuration.epochsKept = Int(chosen.epochs_kept)
        configuration.epochLifetime = UInt64(chosen.epoch_lifetime_ms)
        return configuration
    }
}

private var standardEncryptOptions: conclave_encrypt_options {
    conclave_encrypt_options(
        size: MemoryLayout<conclave_encrypt_options>.size, keys_from: UInt32(CONCLAVE_KEYS_FROM_COORDINATOR),
        authenticity: UInt32(CONCLAVE_AUTHENTICITY_SIGNATURES), cipher: UInt32(CONCLAVE_CIPHER_AES_256_GCM),
        rekey: UInt32(RekeyRules.all.rawValue), replay_window: 1_024, epochs_kept: 4, epoch_lifetime_ms: 60_000,
        gather_ms: 20, ask_after_ms: 500, repeat_after_ms: 200, part_size: 60_000, whole_message: false,
        seals_while_members_leave: false)
}

@_cdecl("conclave_encrypt_options_init") @implementation
public func conclave_encrypt_options_init(
    _ options: UnsafeMutablePointer<conclave_encrypt_options>!, _ size: Int
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        guard size == MemoryLayout<conclave_encrypt_options>.size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        unsafe try initialize(options, size: size, from: standardEncryptOptions)
    }
}
