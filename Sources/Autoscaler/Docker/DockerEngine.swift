package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// The Docker Engine's API over its socket.
///
/// Each engine speaks a range of versions. This asks for the newest that both know: 1.41 (Debian's 20.10) is the oldest that is
/// enough, and in what is used here nothing has changed up to 1.51.
package actor DockerEngine {
    private static let known = 41...51

    private let socket: String
    private let http: HTTPClient
    private var version: String?

    package init(socket: String, http: HTTPClient) {
        self.socket = socket
        self.http = http
    }

    /// - Parameter timeout: longer than whatever the engine is asked to wait for.
    @discardableResult
    func call(
        _ method: HTTPMethod, _ path: String, query: [URLQueryItem] = [], body: JSONValue? = nil,
        timeout: Duration = .seconds(30)
    ) async throws -> JSONValue {
        let version = try await negotiated()
        return try await send(method, "/v\(version)\(path)", query, body, timeout)
    }

    /// A container; `nil` when there is none of that id or name.
    func describe(_ container: String) async throws -> JSONValue? {
        do {
            return try await call(.GET, "/containers/\(container)/json")
        } catch let error as DockerError where error.status == 404 {
            return nil
        }
    }

    private func negotiated() async throws -> String {
        if let version { return version }
        let answer = try await send(.GET, "/version", [], nil, .seconds(10))
        guard let newest = Self.minor(answer["ApiVersion"]), let oldest = Self.minor(answer["MinAPIVersion"]) else {
            throw DockerError("What answers on \(socket) is no Docker Engine.")
        }
        let chosen = min(newest, Self.known.upperBound)
        guard chosen >= max(oldest, Self.known.lowerBound) else {
            throw DockerError(
                "This Docker Engine speaks API 1.\(oldest) to 1.\(newest); 1.\(Self.known.lowerBound) to "
                    + "1.\(Self.known.upperBound) are known here. Use another version of one of the two.")
        }
        version = "1.\(chosen)"
        return "1.\(chosen)"
    }

    private static func minor(_ version: JSONValue) -> Int? {
        guard let text = version.string, text.hasPrefix("1.") else { return nil }
        return Int(text.dropFirst(2))
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ query: [URLQueryItem], _ body: JSONValue?, _ timeout: Duration
    ) async throws -> JSONValue {
        var components = URLComponents()
        components.path = path
        if !query.isEmpty { components.queryItems = query }
        guard let target = components.string, let url = URL(httpURLWithSocketPath: socket, uri: target) else {
            throw DockerError("\(socket) can't be the path of a socket.")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        // The library would name the socket's path here, and engines take no such name.
        request.headers.add(name: "Host", value: "docker")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        }
        let status: HTTPResponseStatus
        let answer: Data
        do {
            let (code, body) = try await http.answer(to: request, upTo: 16 << 20, within: timeout)
            status = code
            answer = Data(body.readableBytesView)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw DockerError("The Docker Engine can't be asked on \(socket): \(error)")
        }
        let value = answer.isEmpty ? .null : try? JSONDecoder().decode(JSONValue.self, from: answer)
        // 304: it is so already.
        guard (200...299).contains(status.code) || status == .notModified else {
            let reason = value?["message"].string ?? "status \(status.code)"
            throw DockerError("The Docker Engine refused \(method) \(path): \(reason)", status: status.code)
        }
        guard let value else { throw DockerError("The Docker Engine's answer to \(method) \(path) is no JSON.") }
        return value
    }
}
