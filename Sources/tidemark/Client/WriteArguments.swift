import ArgumentParser
import Foundation
import TidemarkClient

/// What `put` and `delete` have in common.
struct WriteArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write only if the key is at this version, or exists (*).", valueName: "version"))
    var ifMatch: String?

    @Option(help: ArgumentHelp("With *: write only if the key does not exist.", valueName: "*"))
    var ifNoneMatch: String?

    @Option(
        help: ArgumentHelp(
            "Names this write: repeated with the same name, it happens once. For at least 24 hours.", valueName: "name")
    )
    var idempotencyKey: String?

    @OptionGroup var wait: WaitOption

    func validate() throws {
        if Precondition(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch) == nil {
            throw ValidationError(
                "--if-match takes a version or *, --if-none-match takes *, and only one of them can be given.")
        }
        if let idempotencyKey, !(1...255).contains(idempotencyKey.count) {
            throw ValidationError("--idempotency-key takes 1 to 255 characters.")
        }
    }

    func options(timeToLive: Duration? = nil) -> WriteOptions {
        WriteOptions(
            precondition: Precondition(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch) ?? .none,
            timeToLive: timeToLive,
            wait: wait.duration,
            idempotencyKey: idempotencyKey ?? UUID().uuidString)
    }
}
