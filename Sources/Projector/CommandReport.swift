import Commands
import Logging
import Synchronization

/// Tells the log what became of commands whose sender records their trace; at debug, of all of them.
final class CommandReport: Sendable {
    /// Of one partition.
    private static let linesPerSecond = 20

    private let logger: Logger
    private let budget = Mutex(LineBudget(perSecond: linesPerSecond))

    init(_ logger: Logger) { self.logger = logger }

    /// - Parameter outcomes: of the commands, in their order.
    func callAsFunction(_ outcomes: [Outcome], of commands: some Sequence<Command>) {
        guard logger.logLevel <= .info else { return }
        let tellsAll = logger.logLevel <= .debug
        for (command, outcome) in zip(commands, outcomes) where outcome.result != .barrier {
            let isSampled = command.traceparent.flatMap(TraceParent.init)?.isSampled == true
            guard tellsAll || isSampled, let leftOut = tellsAll ? 0 : budget.withLock({ $0.take(at: .now) })
            else { continue }
            var metadata = Logger.Metadata(command)
            metadata["outcome"] = "\(outcome.result.name)"
            metadata["version"] = .stringConvertible(outcome.sequence)
            if leftOut > 0 { metadata[LogName.leftOut] = .stringConvertible(leftOut) }
            logger.log(level: isSampled ? .info : .debug, "command ended", metadata: metadata)
        }
    }
}

extension Outcome.Result {
    fileprivate var name: String {
        switch self {
        case .put(created: true): "created"
        case .put(created: false): "replaced"
        case .deleted(existed: true): "deleted"
        case .deleted(existed: false): "absent"
        case .rejected(.preconditionFailed): "precondition-failed"
        case .rejected(.idempotencyKeyReused): "idempotency-key-reused"
        case .barrier: "barrier"
        case .dead: "dead"
        }
    }
}
