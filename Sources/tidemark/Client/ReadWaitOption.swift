import ArgumentParser

/// `--wait` of the commands that read.
struct ReadWaitOption: ParsableArguments {
    @Option(
        name: .customLong("wait"),
        help: ArgumentHelp(
            "Seconds, 0 to 60, that the server may wait until it can answer so freshly: a write of a moment ago may not be "
                + "applied yet.",
            valueName: "s"))
    var seconds = 5

    var duration: Duration { .seconds(seconds) }

    func validate() throws {
        if !(0...60).contains(seconds) { throw ValidationError("--wait takes 0 to 60 seconds.") }
    }
}
