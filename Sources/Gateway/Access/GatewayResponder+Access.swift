import Access
import Commands
import Hummingbird

extension GatewayResponder {
    /// Decides, before anything else is looked at and before a body is read, whether the request may go on: who asks, how often
    /// they have, with which verb, and on which key when the path names one. The key that was judged is the one the call
    /// works with.
    func admit(_ exchange: inout Exchange, _ demand: Route.Demand) throws(Problem) {
        guard demand != .nothing else { return }
        if let gatekeeper { exchange.caller = try gatekeeper.admit(exchange.request.headers) }
        switch demand {
        case .nothing: break
        case .any(let verbs):
            guard verbs.contains(where: exchange.caller.allows) else {
                let names = verbs.map(\.rawValue).joined(separator: " or ")
                throw .forbidden("This call takes a principal that may \(names).")
            }
        case .key(let verb):
            let key = try Key(path: exchange.target.rest)
            guard exchange.caller.allows(verb, key) else { throw .outside(verb) }
            exchange.key = key
        }
    }
}
