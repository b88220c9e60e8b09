/// YCSB's core workloads.
struct Workload: Sendable, Equatable {
    enum Name: String, Sendable, CaseIterable { case a, b, c, d, e, f }

    enum Operation: String, Sendable, CaseIterable {
        case read, update, insert, scan
        case readModifyWrite = "read-modify-write"
    }

    struct Share: Sendable, Equatable {
        var operation: Operation
        var proportion: Double
    }

    var shares: [Share]
    var distribution: KeyChooser.Distribution

    /// Scans take 1 to this many records, uniformly.
    static let longestScan = 100

    init(_ name: Name) {
        distribution = name == .d ? .latest : .zipfian
        shares =
            switch name {
            case .a: [Share(operation: .read, proportion: 0.5), Share(operation: .update, proportion: 0.5)]
            case .b: [Share(operation: .read, proportion: 0.95), Share(operation: .update, proportion: 0.05)]
            case .c: [Share(operation: .read, proportion: 1)]
            case .d: [Share(operation: .read, proportion: 0.95), Share(operation: .insert, proportion: 0.05)]
            case .e: [Share(operation: .scan, proportion: 0.95), Share(operation: .insert, proportion: 0.05)]
            case .f: [Share(operation: .read, proportion: 0.5), Share(operation: .readModifyWrite, proportion: 0.5)]
            }
    }

    /// - Parameter unit: from 0 to below 1.
    func operation(_ unit: Double) -> Operation {
        var sum = 0.0
        for share in shares {
            sum += share.proportion
            if unit < sum { return share.operation }
        }
        return shares[shares.endIndex - 1].operation
    }
}
