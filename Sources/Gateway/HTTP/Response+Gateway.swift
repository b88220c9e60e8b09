import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// Without a body, and without the length of one.
    static func empty(_ status: HTTPResponse.Status, _ headers: HTTPFields) -> Response {
        var response = Response(status: status, headers: headers)
        response.headers[.contentLength] = nil
        return response
    }

    static func json(
        _ status: HTTPResponse.Status = .ok, _ headers: HTTPFields = [:], capacity: Int = 256,
        _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var json = JSONWriter(capacity: capacity)
        write(&json)
        var headers = headers
        headers.append(.jsonContent)
        headers.append(.noCache)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: json.buffer))
    }

    // MARK: - Pages that never change

    static let openAPI = Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))

    static let problems = page(ProblemPages.index)

    static let landing = json { json in
        json.object { json in
            json.member("name", "Tidemark")
            json.member("about", "A key-value store whose every write is an event you can audit.")
            json.member("values", "/v1/kv/{key}")
            json.member("list", "/v1/kv")
            json.member("api", "/openapi.json")
            json.member("problems", "/problems")
            json.member("ready", "/readyz?verbose")
            json.member("metrics", "/metrics")
        }
    }

    static func problem(_ slug: Substring) throws(Problem) -> Response {
        guard let type = ProblemType(rawValue: String(slug)) else {
            throw Problem(.unknownPath, "There is no problem of this name. /problems lists those that there are.")
        }
        return page(ProblemPages.page(of: type))
    }

    private static func page(_ html: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: ProblemPages.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }
}
