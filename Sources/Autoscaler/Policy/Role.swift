/// What the autoscaler changes the number of.
package enum Role: String, CaseIterable, Sendable {
    case gateway, projector
}
