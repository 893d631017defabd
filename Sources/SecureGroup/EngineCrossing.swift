#if SIMULATION
    import Flush

    /// What passes between the two machines of an engine and its application, in the order in which it does: for the
    /// simulator, and in no build that ships. Each comes with the secure group as it is at that moment.
    enum EngineCrossing {
        /// The Flush layer hands up an event, and the secure group is about to take it.
        case flushed(FlushAction)
        /// The application sends, and the secure group is about to take it.
        case userMessage(payload: [UInt8], service: Service, destination: UInt64?)
        /// The application, or the engine for it, acknowledges a flush request.
        case secureFlushOk
        /// Time passes for the secure group.
        case tick
        /// The secure group has taken what came last, and asks for this.
        case answered([SecureGroupAction])
        /// One of these is about to be carried out.
        case carriedOut(SecureGroupAction)
        /// The Flush layer refused what was carried out last.
        case refusedByFlush(FlushError)
    }

    /// Is told of each crossing.
    typealias EngineObserver = (EngineCrossing, borrowing SecureGroup) -> Void
#endif
