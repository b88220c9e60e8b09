/// One call to the store with what it answered, as one process saw it.
///
/// A process makes one call after the other. Times are nanoseconds of one monotonic clock, counted from the start of the
/// recording, so that calls of all processes of a recording can be compared.
package struct Call: Sendable, Equatable {
    /// Counts from 0 in a recording, in the order of completion.
    package var id: Int
    package var process: Int
    /// Calls with the same number carried one session token from each to the next; `nil`: the call had none.
    package var session: Int?
    package var workload: Scenario
    /// Which of the recording's URLs was asked.
    package var gateway: Int
    package var key: String
    package var request: Request
    package var invoked: Int64
    /// When the answer was there; `nil` when there is none that says what happened: the call may take effect at any later time.
    package var completed: Int64?
    package var answer: Answer

    package init(
        id: Int, process: Int, session: Int? = nil, workload: Scenario = .register, gateway: Int = 0, key: String,
        request: Request, invoked: Int64, completed: Int64?, answer: Answer
    ) {
        self.id = id
        self.process = process
        self.session = session
        self.workload = workload
        self.gateway = gateway
        self.key = key
        self.request = request
        self.invoked = invoked
        self.completed = completed
        self.answer = answer
    }

    package var isWrite: Bool { if case .get = request { false } else { true } }
    package var isOpen: Bool { if case .unknown = answer { true } else { false } }

    /// The command id that the answer named.
    package var command: String? {
        switch answer {
        case .accepted(let command), .applied(_, _, let command), .rejected(_, let command), .unknown(_, let command):
            command
        case .value, .absent, .refused: nil
        }
    }
}
