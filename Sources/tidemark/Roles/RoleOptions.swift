import ArgumentParser

/// Flags that every role has. What a flag leaves open comes from the environment (`TIDEMARK_…`), then from `--config`.
struct RoleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("YAML file with settings.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the settings in force, secrets masked, and end.")
    var printConfig = false

    @Option(help: ArgumentHelp(Setting.databaseURL.help, valueName: "url"))
    var databaseURL: String?

    @Option(help: ArgumentHelp(Setting.logLevel.help, valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp(Setting.logFormat.help, valueName: "format"))
    var logFormat: LogFormat?

    func settings(_ flags: [Setting: String?] = [:]) async throws -> Settings {
        var given = flags.compactMapValues { $0 }
        given[.databaseURL] = databaseURL
        given[.logLevel] = logLevel
        given[.logFormat] = logFormat?.rawValue
        for (setting, value) in given where setting.isURL && ConnectionPassword.isIn(value) {
            throw ValidationError(
                """
                Whoever lists this machine's processes would read the password in \(setting.flag): give the whole URL in \
                \(setting.environmentVariable) or in --config, or the password alone in \(setting.passwordFile).
                """)
        }
        do {
            return try await Settings(flags: given, file: config)
        } catch let error as Settings.Invalid {
            throw ValidationError(error.description)
        }
    }
}

/// Flags of the roles that use the broker and the cache.
struct ConnectionOptions: ParsableArguments {
    @Option(name: .customLong("amqp-url"), help: ArgumentHelp(Setting.amqpURL.help, valueName: "url"))
    var amqpURL: String?

    @Option(help: ArgumentHelp(Setting.redisURL.help, valueName: "url"))
    var redisURL: String?

    @Option(help: ArgumentHelp(Setting.namespace.help, valueName: "name"))
    var namespace: String?

    @Option(help: ArgumentHelp(Setting.httpHost.help, valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp(Setting.httpPort.help, valueName: "port"))
    var port: Int?

    var flags: [Setting: String?] {
        [
            .amqpURL: amqpURL, .redisURL: redisURL, .namespace: namespace, .httpHost: host,
            .httpPort: port.map(String.init),
        ]
    }
}
