import ArgumentParser

/// `--wait` of the commands that send `Prefer: wait`.
struct WaitOption: ParsableArguments {
    @Option(name: .customLong("wait"), help: ArgumentHelp("Seconds that the server may wait, 0 to 60.", valueName: "s"))
    var seconds: Int?

    var duration: Duration? { seconds.map { .seconds($0) } }

    func validate() throws {
        if let seconds, !(0...60).contains(seconds) { throw ValidationError("--wait takes 0 to 60 seconds.") }
    }
}
