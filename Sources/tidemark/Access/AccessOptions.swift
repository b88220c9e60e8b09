import ArgumentParser

/// Flags for who may ask a gateway, and how.
struct AccessOptions: ParsableArguments {
    @Option(name: .customLong("access"), help: ArgumentHelp(Setting.accessMode.help, valueName: "on|off"))
    var mode: String?

    @Flag(help: "Serve an address that isn't loopback to everybody, without access control.")
    var insecure = false

    @Option(help: ArgumentHelp(Setting.accessJWKSFile.help, valueName: "file"))
    var jwksFile: String?

    @Option(
        name: .customLong("tls-certificate"), help: ArgumentHelp(Setting.tlsCertificateFile.help, valueName: "file"))
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: ArgumentHelp(Setting.tlsKeyFile.help, valueName: "file"))
    var key: String?

    var flags: [Setting: String?] {
        [
            .accessMode: mode, .accessInsecure: insecure ? "on" : nil, .accessJWKSFile: jwksFile,
            .tlsCertificateFile: certificate, .tlsKeyFile: key,
        ]
    }
}
