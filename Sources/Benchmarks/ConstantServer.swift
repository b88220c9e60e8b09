import ArgumentParser
import Hummingbird

/// The baseline of the cached GET: Hummingbird as its documentation has it, answering 200 bytes that never change.
struct ConstantServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "constant", abstract: "Answer GET / with a constant body of 200 bytes, until SIGTERM.")

    @Option(help: "Port on 127.0.0.1.")
    var port: Int

    func run() async throws {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: Load.valueBytes)
        let router = Router()
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/octet-stream"],
                body: ResponseBody(byteBuffer: body))
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)))
        try await application.runService()
    }
}
