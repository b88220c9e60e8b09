import Foundation
package import History
package import TidemarkClient

/// Makes calls one after the other, and records each with what came of it. Never guesses: a write whose answer was lost stays
/// open.
package struct RecordedProcess: Sendable {
    /// A session that can be told from others in a recording.
    package struct NumberedSession: Sendable {
        package var number: Int
        package var session: Session

        package init(number: Int, session: Session = Session()) {
            self.number = number
            self.session = session
        }
    }

    /// What a write may ask for beyond its request.
    package struct Manner: Sendable {
        /// Answer when it is applied rather than when it is durable.
        package var wait: Duration?
        /// Send it again to the gateway after this one, with the same idempotency key, whatever came of it the first time. It is
        /// one call and one command.
        package var isSentTwice = false

        package init(wait: Duration? = nil, isSentTwice: Bool = false) {
            self.wait = wait
            self.isSentTwice = isSentTwice
        }
    }

    private let number: Int
    private let recorder: Recorder
    /// One of each gateway, that never tries again by itself.
    private let gateways: [TidemarkClient]

    package init(number: Int, recorder: Recorder, gateways: [TidemarkClient]) {
        self.number = number
        self.recorder = recorder
        self.gateways = gateways
    }

    @discardableResult
    package func get(
        _ key: String, _ level: ReadLevel, gateway: Int, wait: Duration? = nil, session: NumberedSession? = nil,
        _ workload: Scenario = .register
    ) async -> Answer {
        let invoked = recorder.now
        let answer: Answer
        do {
            let value = try await gateways[gateway].get(
                key, consistency: Consistency(level), wait: wait, in: session?.session)
            answer = value.map { .value(Self.text($0.bytes), version: $0.version) } ?? .absent
        } catch {
            answer = .refused(problem: Self.problem(error))
        }
        record(key, .get(level), gateway, session, workload, invoked, completed: recorder.now, answer)
        return answer
    }

    /// - Parameter request: a put or a delete.
    @discardableResult
    package func write(
        _ request: Request, to key: String, gateway: Int, _ manner: Manner = Manner(),
        session: NumberedSession? = nil, _ workload: Scenario = .register
    ) async -> Answer {
        let idempotencyKey = UUID().uuidString
        let invoked = recorder.now
        var answer = await attempt(request, key, gateway, manner, idempotencyKey, session)
        var completed = recorder.now
        if manner.isSentTwice {
            let second = await attempt(
                request, key, (gateway + 1) % gateways.count, manner, idempotencyKey, session)
            // The first acknowledgement counts: from then on the command is in its place.
            if !answer.isAcknowledgement {
                if second.isAcknowledgement || !answer.isUnknown { answer = second }
                completed = recorder.now
            }
        }
        record(
            key, request, gateway, session, workload, invoked, completed: answer.isUnknown ? nil : completed, answer)
        return answer
    }

    private func attempt(
        _ request: Request, _ key: String, _ gateway: Int, _ manner: Manner, _ idempotencyKey: String,
        _ session: NumberedSession?
    ) async -> Answer {
        let options = WriteOptions(
            precondition: Precondition(request.condition), wait: manner.wait, idempotencyKey: idempotencyKey)
        let client = gateways[gateway]
        do {
            switch request {
            case .get: preconditionFailure("a read is no write")
            case .put(let value, _):
                return Answer(
                    try await client.put(
                        Data(value.utf8), for: key, contentType: "text/plain", options: options, in: session?.session))
            case .delete:
                return Answer(try await client.delete(key, options: options, in: session?.session))
            }
        } catch let error as TidemarkError {
            return Answer(failedWrite: error)
        } catch {
            return .unknown(problem: Self.problem(error), command: nil)
        }
    }

    private func record(
        _ key: String, _ request: Request, _ gateway: Int, _ session: NumberedSession?, _ workload: Scenario,
        _ invoked: Int64, completed: Int64?, _ answer: Answer
    ) {
        recorder.add(
            Call(
                id: 0, process: number, session: session?.number, workload: workload, gateway: gateway, key: key,
                request: request, invoked: invoked, completed: completed, answer: answer))
    }

    /// What somebody else wrote need not be text; it is kept apart from everything that is.
    static func text(_ bytes: Data) -> String {
        String(validating: bytes, as: UTF8.self) ?? "base64:\(bytes.base64EncodedString())"
    }

    static func problem(_ error: any Error) -> String {
        (error as? TidemarkError)?.problem ?? (error is CancellationError ? "cancelled" : "\(error)")
    }
}

extension Answer {
    fileprivate init(_ receipt: WriteReceipt) {
        switch receipt.status {
        case .accepted: self = .accepted(command: receipt.command)
        case .created: self = .applied(.created, version: receipt.version, command: receipt.command)
        case .replaced: self = .applied(.replaced, version: receipt.version, command: receipt.command)
        case .deleted:
            self = .applied(
                receipt.version == nil ? .nothingToDelete : .deleted, version: receipt.version,
                command: receipt.command)
        }
    }

    fileprivate init(failedWrite error: TidemarkError) {
        if error.problem == "precondition-failed" {
            self = .rejected(current: error.version, command: error.command)
        } else if error.isOutcomeKnown, error.problem != "command-dead" {
            self = .refused(problem: error.problem)
        } else {
            self = .unknown(problem: error.problem, command: error.command)
        }
    }

    fileprivate var isAcknowledgement: Bool {
        switch self {
        case .accepted, .applied, .rejected: true
        case .value, .absent, .refused, .unknown: false
        }
    }

    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension Consistency {
    init(_ level: ReadLevel) {
        self =
            switch level {
            case .eventual: .eventual
            case .session: .session
            case .applied: .applied
            case .linearizable: .linearizable
            }
    }
}

extension Precondition {
    fileprivate init(_ condition: Condition) {
        self =
            switch condition {
            case .none: .none
            case .exists: .exists
            case .absent: .absent
            case .version(let version): .version(version)
            }
    }
}
