import Commands
import HTTPTypes

/// What a client is told of one write, by itself or in a batch.
enum WriteAnswer: Sendable {
    case accepted(CommandID)
    /// - Parameter version: the key's, when the command changed it.
    case applied(CommandID, HTTPResponse.Status, version: UInt64?)
    case failed(Problem)

    /// - Parameter token: gets what the client has written or seen by this.
    init(_ result: Result<WriteResult, GatewayError>, token: inout SessionToken) {
        switch result {
        case .failure(let error): self = .failed(Problem(error))
        case .success(.accepted(let id, let partition, let dot)):
            token.wrote(dot, in: partition)
            self = .accepted(id)
        case .success(.ended(let outcome)):
            token.saw(outcome.sequence, in: outcome.partition)
            self.init(outcome)
        }
    }

    private init(_ outcome: Outcome) {
        let id = outcome.command
        switch outcome.result {
        case .put(let created): self = .applied(id, created ? .created : .ok, version: outcome.sequence)
        case .deleted(let existed): self = .applied(id, .noContent, version: existed ? outcome.sequence : nil)
        case .barrier: self = .applied(id, .noContent, version: nil)
        case .rejected(.preconditionFailed(let current)):
            var problem = Problem(
                .preconditionFailed,
                current.map { "The key had version \($0) when the command's turn came." }
                    ?? "The key had no value when the command's turn came.",
                .command(id))
            if let current {
                problem.extras.append(.version(current))
                problem.fields.append(.entityTag(current))
            }
            self = .failed(problem)
        case .rejected(.idempotencyKeyReused):
            self = .failed(
                Problem(
                    .idempotencyKeyReused,
                    "Another request used this Idempotency-Key for this key with other content. Use a new one.",
                    .command(id)))
        case .dead(let reason):
            self = .failed(
                Problem(
                    .commandDead, "The command failed by itself every time and was set aside.", .command(id),
                    .reason(reason)))
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .accepted: .accepted
        case .applied(_, let status, _): status
        case .failed(let problem): problem.status
        }
    }
}
