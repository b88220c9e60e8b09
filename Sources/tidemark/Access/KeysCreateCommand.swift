import Access
import ArgumentParser
import Commands
import EventLog
import Foundation

extension Verb: ExpressibleByArgument {}

struct KeysCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an access key and print it, once.",
        discussion: """
            Only a hash is kept: a key that was lost can't be shown again, only revoked.

            With --token-file the key comes from elsewhere, such as a deployment's secrets: it is not printed, and when there \
            is a key of that id and secret already, it is left as it is.

            EXAMPLES
              tidemark keys create shop --verb read --verb write --prefix orders/ --expires 90d
              tidemark keys create scraper --verb audit --no-keys
              tidemark keys create backup --verb read --all-keys > backup.key
            """)

    @Argument(help: "Who will hold it: letters, digits and ._@-; events record it as key:NAME.")
    var name: String

    @Option(name: .customLong("verb"), help: "What it may do; give it several times.")
    var verbs: [Verb]

    @Option(name: .customLong("prefix"), help: "Keys that begin so are within reach; give it several times.")
    var prefixes: [String] = []

    @Flag(help: "Every key is within reach.")
    var allKeys = false

    @Flag(help: "No key is within reach: for figures (/metrics) alone.")
    var noKeys = false

    @Option(help: ArgumentHelp("How long it is good for: 12h, 90d.", valueName: "time"))
    var expires: Lifetime?

    @Option(help: ArgumentHelp("Requests a second, for each gateway.", valueName: "n"))
    var rate: Int?

    @Option(
        help: ArgumentHelp(
            "A file with the key: tmk_, 16 hexadecimal digits, _ and 32 random bytes in base64url.", valueName: "file"))
    var tokenFile: String?

    @OptionGroup var keys: KeysOptions

    func validate() throws {
        guard AccessKey.isName(name) else {
            throw ValidationError(
                "The name has 1 to \(AccessKey.maximumNameCharacters) letters, digits and ._@-, not \"\(name)\".")
        }
        guard !verbs.isEmpty else {
            let all = Verb.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("Say what the key may do, with --verb: \(all).")
        }
        guard [!prefixes.isEmpty, allKeys, noKeys].count(where: { $0 }) == 1 else {
            throw ValidationError("Say which keys are within reach: --prefix (one or more), --all-keys or --no-keys.")
        }
        guard prefixes.count <= AccessKey.maximumPrefixes else {
            throw ValidationError("At most \(AccessKey.maximumPrefixes) prefixes.")
        }
        for prefix in prefixes
        where prefix.isEmpty || prefix.utf8.count > Key.maximumBytes || prefix.utf8.contains(0) {
            throw ValidationError("No key begins with \"\(prefix)\". For every key there is --all-keys.")
        }
        if let rate, !AccessKey.rates.contains(rate) {
            throw ValidationError("--rate takes \(AccessKey.rates.lowerBound) to \(AccessKey.rates.upperBound).")
        }
    }

    func run() async throws {
        let token = try givenToken() ?? AccessToken.random()
        let now = SystemWallClock().now()
        let key = AccessKey(
            id: token.id, name: name, secretHash: token.hash,
            grant: Grant(verbs: Set(verbs), prefixes: allKeys ? [""] : prefixes), rate: rate, createdAt: now,
            expiresAt: expires.map { now + $0.duration })
        try await keys.run { store in
            guard tokenFile == nil else {
                let known = try await store.all().first { $0.id == token.id }
                guard known.map({ token.matches($0.secretHash) }) ?? true else {
                    throw ValidationError("There is another key with the id of the one in \(tokenFile ?? "").")
                }
                guard known.map({ $0.revokedAt == nil && $0.grant == key.grant }) ?? true else {
                    throw ValidationError(
                        "The key in \(tokenFile ?? "") is there and is not this one: it is revoked, or may do something else. "
                            + "`tidemark keys list` shows it; make another.")
                }
                if known == nil { try await store.create(key) }
                return try keys.show(known ?? key)
            }
            try await store.create(key)
            switch keys.output {
            case .json: try Terminal.print(json: KeyReport(key, token: token))
            case .text:
                Terminal.note("The key is shown this once; keep it where its holder finds it, and nobody else.")
                try Terminal.print(token.text)
            }
        }
    }
    private func givenToken() throws -> AccessToken? {
        guard let tokenFile else { return nil }
        guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8) else {
            throw ValidationError("--token-file: \(tokenFile) can't be read.")
        }
        guard let token = AccessToken(Substring(text.trimmingCharacters(in: .whitespacesAndNewlines))) else {
            throw ValidationError("--token-file: what is in \(tokenFile) has not the form of an access key.")
        }
        return token
    }
}
