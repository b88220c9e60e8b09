/// Who plays a trace.
package enum Contender: String, CaseIterable, Sendable, Encodable {
    /// As many as the mean load needs, always.
    case small = "fixed-small"
    /// As many as the highest load needs, always.
    case peak = "fixed-peak"
    case cpu = "cpu-threshold"
    case tidemark
}
