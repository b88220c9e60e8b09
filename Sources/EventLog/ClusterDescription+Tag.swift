import Foundation

extension ClusterDescription {
    /// What session tokens and cache keys tell clusters apart by: the first half of the cluster's id.
    package var tag: UInt64 { withUnsafeBytes(of: id.uuid) { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) } }
}
