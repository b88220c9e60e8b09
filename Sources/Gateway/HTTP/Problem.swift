import Commands
import HTTPTypes
import NIOCore

/// A failure as the client sees it: a problem document (RFC 9457).
struct Problem: Error, Sendable {
    /// Extension members, for programs.
    enum Extra: Sendable, Equatable {
        case limit(Int)
        case version(UInt64)
        case header(String)
        case parameter(String)
        case index(Int)
        case command(CommandID)
        case reason(String)
        case request(String)
        /// Where a change feed may begin.
        case position(String)
    }

    static let contentType = "application/problem+json"

    var type: ProblemType
    /// What is wrong in this case and what to do about it.
    var detail: String
    var extras: [Extra]
    /// What the response carries beside the usual.
    var fields: [HTTPField] = []

    init(_ type: ProblemType, _ detail: String, _ extras: Extra...) {
        self.type = type
        self.detail = detail
        self.extras = extras
    }

    init(_ error: GatewayError) {
        self.init(ProblemType(error.code), error.detail)
        if let command = error.command { extras.append(.command(command)) }
    }

    static func header(_ name: String, _ detail: String) -> Problem {
        Problem(.invalidHeader, "\(name): \(detail)", .header(name))
    }

    static func parameter(_ name: String, _ detail: String) -> Problem {
        Problem(.invalidQuery, "\(name): \(detail)", .parameter(name))
    }

    var status: HTTPResponse.Status { type.description.status }

    /// The whole answer.
    var answer: (head: HTTPResponse, body: ByteBuffer) {
        var json = JSONWriter(capacity: 384)
        write(to: &json)
        var headers: HTTPFields = [:]
        headers.append(.problemContent)
        headers.append(.noCache)
        for field in fields { headers.append(field) }
        for case .command(let id) in extras {
            headers.append(HTTPField(name: .tidemarkCommand, value: id.description))
        }
        if let seconds = type.description.retryAfter {
            headers.append(HTTPField(name: .retryAfter, value: String(seconds)))
        }
        headers.append(HTTPField(name: .contentLength, value: String(json.buffer.readableBytes)))
        return (HTTPResponse(status: status, headerFields: headers), json.buffer)
    }

    /// Writes it as one JSON object.
    func write(to json: inout JSONWriter) {
        let description = type.description
        json.object { json in
            json.member("type", "/problems/\(type.rawValue)")
            json.member("title", description.title)
            json.member("status", description.status.code)
            json.member("detail", detail)
            for extra in extras {
                switch extra {
                case .limit(let bytes): json.member("limit", bytes)
                case .version(let version): json.member("version", version)
                case .header(let name): json.member("header", name)
                case .parameter(let name): json.member("parameter", name)
                case .index(let index): json.member("index", index)
                case .command(let id): json.member("command", id.description)
                case .reason(let reason): json.member("reason", reason)
                case .request(let id): json.member("request", id)
                case .position(let position): json.member("position", position)
                }
            }
        }
    }
}
