import ArgumentParser
import Foundation
import TidemarkClient

struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Write a value.",
        discussion: """
            Prints "accepted" and the command's id as soon as the write is durable; with --wait, "created" or \
            "replaced" and the version once it is applied.

            EXAMPLES
              tidemark put colour blue
              tidemark put photos/1 - --content-type image/png < photo.png
              tidemark put colour green --if-match 7 --wait 5   # only over version 7, else status 4
              tidemark put colour red --if-none-match '*' --wait 5
            """)

    @Argument(help: "The key: 1 to 1,024 bytes of UTF-8; slashes are welcome.")
    var key: String

    @Argument(help: "The value; - or nothing reads it from standard input.")
    var value: String = "-"

    @Option(
        help: ArgumentHelp(
            "Given back with the value. Without it: text/plain for a value on the command line, else application/octet-stream.",
            valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("Seconds to live, 1 to 10 years.", valueName: "s"))
    var ttl: Int?

    @OptionGroup var write: WriteArguments
    @OptionGroup var client: ClientOptions

    func validate() throws {
        try KeyArgument.check(key)
        if let ttl, !(1...315_360_000).contains(ttl) { throw ValidationError("--ttl takes 1 to 315360000 seconds.") }
    }

    func run() async throws {
        let options = write.options(timeToLive: ttl.map { .seconds($0) })
        let bytes = value == "-" ? try Terminal.read("-", what: "the value") : Data(value.utf8)
        let type = contentType ?? (value == "-" ? "application/octet-stream" : "text/plain; charset=utf-8")
        try await client.run(idempotencyKey: options.idempotencyKey) { tidemark, session in
            let receipt = try await tidemark.put(bytes, for: key, contentType: type, options: options, in: session)
            try WriteReport(receipt, key: key).print(client.output)
        }
    }
}
