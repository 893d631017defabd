internal import Primitives

/// A member leaves. It is bound to its introduction, which is one start of the member: that start leaves once and for
/// ever, so that a request that was recorded says nothing new.
struct LeaveRequest: Equatable {
    var sender: MemberDigest

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.leaveRequest)
        writer.writeDigest(sender)
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<LeaveRequest> {
        try cluster.readSigned(bytes, .leaveRequest) { (reader) throws(CodecError) in
            LeaveRequest(sender: try .read(&reader))
        }
    }
}
