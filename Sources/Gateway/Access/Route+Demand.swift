import Access
import HTTPTypes

extension Route {
    /// What a call asks of whoever makes it.
    enum Demand: Equatable {
        /// For everybody: nothing that is stored is told.
        case nothing
        /// At least one of these verbs; which keys, the call itself looks at.
        case any([Verb])
        /// This verb on the key that the path names.
        case key(Verb)
    }

    func demand(_ method: HTTPRequest.Method) -> Demand {
        switch self {
        case .value:
            switch method {
            case .put: .key(.write)
            case .delete: .key(.delete)
            default: .key(.read)
            }
        case .history: .key(.audit)
        case .changes: .any([.audit])
        case .list: .any([.read])
        case .batch: .any([.read, .write, .delete])
        case .command, .session: .any(Verb.allCases)
        case .metrics: .any([.audit])
        case .live, .ready, .openAPI, .problems, .problem, .landing: .nothing
        }
    }
}
