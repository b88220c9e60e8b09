import ArgumentParser
import TidemarkClient

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a value.",
        discussion: """
            That the key is absent already is no error. Its history stays: see `tidemark history`.

            EXAMPLES
              tidemark delete colour
              tidemark delete colour --if-match 7 --wait 5      # only version 7, else status 4
            """)

    @Argument(help: "The key.")
    var key: String

    @OptionGroup var write: WriteArguments
    @OptionGroup var client: ClientOptions

    func validate() throws { try KeyArgument.check(key) }

    func run() async throws {
        let options = write.options()
        try await client.run(idempotencyKey: options.idempotencyKey) { tidemark, session in
            let receipt = try await tidemark.delete(key, options: options, in: session)
            try WriteReport(receipt, key: key).print(client.output)
        }
    }
}
