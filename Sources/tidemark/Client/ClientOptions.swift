import ArgumentParser
import Foundation
import TidemarkClient

/// What all client commands have in common.
struct ClientOptions: ParsableArguments {
    static let defaultURL = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "Base URL of a gateway, or several with commas between; else TIDEMARK_URL, else \(defaultURL).",
            valueName: "url"))
    var url: String?

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    @Flag(
        name: .customLong("no-session"),
        help: "Neither read nor keep the session token, so that reads need not see earlier writes.")
    var noSession = false

    @Option(
        help: ArgumentHelp(
            "A file with the access token; else the environment variable TIDEMARK_TOKEN.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file with the authorities to believe for https; else TIDEMARK_CA_FILE, else the system's.",
            valueName: "file"))
    var caFile: String?

    func validate() throws {
        let urls = urls(ProcessInfo.processInfo.environment)
        if urls.isEmpty { throw ValidationError("--url names no URL; give one such as \(Self.defaultURL).") }
        for url in urls {
            guard let parts = URL(string: url), ["http", "https"].contains(parts.scheme), parts.host() != nil else {
                throw ValidationError("\"\(url)\" is not an http or https URL, such as \(Self.defaultURL).")
            }
        }
    }

    func urls(_ environment: [String: String]) -> [String] {
        let text = url ?? environment["TIDEMARK_URL"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultURL
        return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    func configuration(_ environment: [String: String]) throws -> TidemarkClient.Configuration {
        var token = environment["TIDEMARK_TOKEN"]
        if let tokenFile { token = String(decoding: try Terminal.read(tokenFile, what: "the token"), as: UTF8.self) }
        token = token?.trimmingCharacters(in: .whitespacesAndNewlines)
        let authorities = caFile ?? environment["TIDEMARK_CA_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        // Read here for its error alone: a connection's would not name the file.
        if let authorities { _ = try Terminal.read(authorities, what: "the authorities' certificates") }
        return TidemarkClient.Configuration(
            urls: urls(environment), bearerToken: token.flatMap { $0.isEmpty ? nil : $0 }, authorities: authorities)
    }

    /// Runs `body` with a client and the session of the last call, keeps the session, and makes of every error a
    /// sentence and an exit status.
    ///
    /// A token that the server refuses (another cluster answers at this URL now) is dropped, and `body` runs once more:
    /// nothing was done the first time, because the token is judged first.
    ///
    /// - Parameters:
    ///   - idempotencyKey: of the write, for the advice when its outcome is not known.
    ///   - sessionless: the command keeps sessions of its own.
    func run(
        idempotencyKey: String? = nil, sessionless: Bool = false, retry: RetryPolicy = RetryPolicy(),
        maximumConnections: Int = 64, _ body: (TidemarkClient, Session?) async throws -> Void
    ) async throws {
        let environment = ProcessInfo.processInfo.environment
        do {
            var configuration = try configuration(environment)
            configuration.retry = retry
            configuration.maximumConnections = maximumConnections
            try await TidemarkClient.withClient(configuration) { client in
                if noSession || sessionless { return try await body(client, nil) }
                let file = SessionFile(urls: urls(environment), environment: environment)
                do {
                    try await keeping(file) { try await body(client, $0) }
                } catch let error as TidemarkError where error.isSessionRefused {
                    Terminal.note("tidemark: the old session was refused (\(error.detail)); a new one begins")
                    file.remove()
                    try await keeping(file) { try await body(client, $0) }
                }
            }
        } catch let error as TidemarkError {
            throw report(CommandFailure(error, idempotencyKey: idempotencyKey))
        } catch let error as CommandFailure {
            throw report(error)
        } catch let error as CocoaError {
            throw report(CommandFailure(.failed, error.localizedDescription))
        }
    }

    private func keeping(_ file: SessionFile, _ body: (Session) async throws -> Void) async throws {
        let token = file.read()
        let session = Session(token: token)
        defer {
            if let last = session.token, last != token {
                do {
                    try file.write(last)
                } catch {
                    Terminal.note("tidemark: the session could not be kept (\(file.path)); --no-session avoids this")
                }
            }
        }
        try await body(session)
    }

    private func report(_ failure: CommandFailure) -> ExitCode {
        Terminal.note(failure.text)
        return failure.status.code
    }
}
