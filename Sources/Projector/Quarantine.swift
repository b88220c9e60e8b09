/// What becomes of later commands for a key whose command was set aside.
package enum Quarantine: String, Sendable, CaseIterable {
    /// They are applied.
    case letThrough = "let-through"
    /// They are set aside behind it, and applied in order once it was retried or dropped.
    case hold
}
