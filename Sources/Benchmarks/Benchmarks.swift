import ArgumentParser

@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemark-benchmarks",
        abstract: "What `make bench` compares Tidemark with, and how fast events are applied.",
        discussion: "Each prints lines name=figure. scripts/benchmark runs them; docs/benchmarks.md has the results.",
        subcommands: [
            ConstantServer.self, CopyUpsert.self, CopyOut.self, Apply.self, ConfirmCommit.self, Verify.self,
        ])
}
