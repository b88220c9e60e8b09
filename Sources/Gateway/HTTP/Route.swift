import HTTPTypes

/// What the gateway serves. The raw value is the path's pattern, as metrics and the OpenAPI document name it.
enum Route: String, CaseIterable, Sendable {
    case value = "/v1/kv/{key}"
    case list = "/v1/kv"
    case batch = "/v1/batch"
    case history = "/v1/history/{key}"
    case changes = "/v1/changes"
    case command = "/v1/commands/{id}"
    case session = "/v1/session"
    case live = "/livez"
    case ready = "/readyz"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"
    case problems = "/problems"
    case problem = "/problems/{slug}"
    case landing = "/"

    /// Beside OPTIONS, which every path answers.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .value: [.get, .head, .put, .delete]
        case .batch: [.post]
        default: [.get, .head]
        }
    }

    var allow: HTTPField {
        HTTPField(name: .allow, value: (methods + [.options]).map(\.rawValue).joined(separator: ", "))
    }
}

/// Where a request goes: the route, and what its path and query hold for it, still encoded.
struct RequestTarget: Sendable {
    /// `nil` when there is nothing at the path.
    var route: Route?
    /// What stands in for `{…}`.
    var rest: Substring
    /// What follows the `?`.
    var query: Substring?

    /// - Parameter target: in origin form (`/path?query`) or absolute form (`http://host/path?query`), RFC 9112 §3.2.
    init(_ target: String) {
        var path = target[...]
        if target.utf8.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") {
            let start = target[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" }
            path = start.map { target[$0...] } ?? "/"
        }
        if let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) {
            query = path[path.utf8.index(after: mark)...]
            path = path[..<mark]
        }
        rest = path[path.endIndex...]
        if let key = path.after("/v1/kv/") {
            (route, rest) = (.value, key)
        } else if let key = path.after("/v1/history/") {
            (route, rest) = (.history, key)
        } else if let id = path.after("/v1/commands/") {
            (route, rest) = (.command, id)
        } else if let slug = path.after("/problems/") {
            (route, rest) = (.problem, slug)
        } else {
            route =
                switch path {
                case "/v1/kv": .list
                case "/v1/batch": .batch
                case "/v1/changes": .changes
                case "/v1/session": .session
                case "/livez": .live
                case "/readyz": .ready
                case "/metrics": .metrics
                case "/openapi.json": .openAPI
                case "/problems": .problems
                case "/", "": .landing
                default: nil
                }
        }
    }
}

extension Substring {
    /// What follows `prefix`, byte by byte; `nil` when this doesn't begin so.
    fileprivate func after(_ prefix: StaticString) -> Substring? {
        var index = utf8.startIndex
        for offset in 0..<prefix.utf8CodeUnitCount {
            guard index < utf8.endIndex, utf8[index] == prefix.utf8Start[offset] else { return nil }
            index = utf8.index(after: index)
        }
        return self[index...]
    }
}
