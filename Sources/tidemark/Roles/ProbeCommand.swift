import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Ask a role whether it is alive or ready.",
        discussion: """
            For health checks where there is no curl, as in a container. Exit status 0: the answer was 200.

            EXAMPLES
              tidemark probe http://127.0.0.1:8080/readyz
            """)

    @Argument(help: "What to ask: /livez or /readyz of a role.")
    var url: String

    @Option(help: ArgumentHelp("For the answer.", valueName: "s"))
    var seconds = 3.0

    func run() async throws {
        do {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: url), timeout: TimeAmount(.seconds(seconds)))
            if response.status == .ok { return }
            Terminal.note("\(response.status.code) \(String(buffer: try await response.body.collect(upTo: 1 << 16)))")
        } catch {
            Terminal.note("tidemark: \(url) does not answer: \(error)")
        }
        throw ExitStatus.failed.code
    }
}
