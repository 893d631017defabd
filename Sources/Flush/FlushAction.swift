/// What the driver carries out after an event, in this order.
public enum FlushAction: Equatable {
    /// Send to all connections of the configuration, oneself included, in agreed order.
    case multicast([UInt8])
    /// Send to one connection, in order with the multicasts.
    case unicast(connection: UInt64, bytes: [UInt8])
    /// Deliver a flush request (flush_request_msg): the layer above answers with `acknowledge`.
    case requestFlush
    /// Deliver the transitional signal (trans_signal_msg).
    case signal
    /// Deliver a VS view (memb_msg).
    case install(FlushView)
    /// Deliver a message (data_msg). The payload shares the storage of the message that brought it.
    case deliver(sender: UInt64, service: Service, isPrivate: Bool, payload: ArraySlice<UInt8>)
    /// Tell that a message was refused; `sender` is a member's id where it is known.
    case refuse(FlushError, sender: UInt64?)
    /// An event had no effect, for a good reason.
    case ignore(FlushIgnoreReason)
    /// Tell that nobody has admitted this member so far, and why.
    case reportNotAdmitted(FlushError)
    /// The others excluded this member, or went on to a view that it missed: disconnect, and join again with a new
    /// incarnation.
    case rejoinExcluded
    /// The same identity joined again elsewhere: this membership is over.
    case endReplaced
}
