/// Everything that can be configured. The raw value is the key in the YAML file; `TIDEMARK_` and the key in capitals, words
/// joined by underscores, is the environment variable: `database.passwordFile`, `TIDEMARK_DATABASE_PASSWORD_FILE`.
enum Setting: String, CaseIterable {
    case accessAudience = "access.audience"
    case accessInsecure = "access.insecure"
    case accessIssuer = "access.issuer"
    case accessJWKSFile = "access.jwksFile"
    case accessMode = "access.mode"
    case accessRate = "access.rate"
    case accessSecretFile = "access.secretFile"
    case amqpPassword = "amqp.password"
    case amqpPasswordFile = "amqp.passwordFile"
    case amqpURL = "amqp.url"
    case archiveDirectory = "archive.directory"
    case autoscalerCoolDown = "autoscaler.coolDown"
    case autoscalerDockerSocket = "autoscaler.dockerSocket"
    case autoscalerDownWindow = "autoscaler.downWindow"
    case autoscalerDrainSeconds = "autoscaler.drainSeconds"
    case autoscalerDriver = "autoscaler.driver"
    case autoscalerGatewayPort = "autoscaler.gatewayPort"
    case autoscalerGatewayProcessors = "autoscaler.gatewayProcessors"
    case autoscalerGatewayRequests = "autoscaler.gatewayRequests"
    case autoscalerGateways = "autoscaler.gateways"
    case autoscalerGatewaysMaximum = "autoscaler.gatewaysMaximum"
    case autoscalerGatewaysMinimum = "autoscaler.gatewaysMinimum"
    case autoscalerInterval = "autoscaler.interval"
    case autoscalerLatencySeconds = "autoscaler.latencySeconds"
    case autoscalerPort = "autoscaler.port"
    case autoscalerProject = "autoscaler.project"
    case autoscalerProjectorPort = "autoscaler.projectorPort"
    case autoscalerProjectorUtilisation = "autoscaler.projectorUtilisation"
    case autoscalerProjectors = "autoscaler.projectors"
    case autoscalerProjectorsMaximum = "autoscaler.projectorsMaximum"
    case autoscalerProjectorsMinimum = "autoscaler.projectorsMinimum"
    case autoscalerStepDown = "autoscaler.stepDown"
    case autoscalerStepUp = "autoscaler.stepUp"
    case autoscalerStopSeconds = "autoscaler.stopSeconds"
    case autoscalerTokenFile = "autoscaler.tokenFile"
    case autoscalerUpWindow = "autoscaler.upWindow"
    case databaseConnections = "database.connections"
    case databasePassword = "database.password"
    case databasePasswordFile = "database.passwordFile"
    case databaseURL = "database.url"
    case httpDrainIdleSeconds = "http.drainIdleSeconds"
    case httpDrainSeconds = "http.drainSeconds"
    case httpFeeds = "http.feeds"
    case httpHost = "http.host"
    case httpMaximumConnections = "http.maximumConnections"
    case httpMaximumHeldBytes = "http.maximumHeldBytes"
    case httpMaximumRequests = "http.maximumRequests"
    case httpMaximumValueBytes = "http.maximumValueBytes"
    case httpMaximumWaiting = "http.maximumWaiting"
    case httpPort = "http.port"
    case logFormat = "log.format"
    case logLevel = "log.level"
    case logRequests = "log.requests"
    case namespace = "namespace"
    case partitions = "partitions"
    case projectorAuditReads = "projector.auditReads"
    case projectorLeaseSeconds = "projector.leaseSeconds"
    case projectorQuarantine = "projector.quarantine"
    case redisPassword = "redis.password"
    case redisPasswordFile = "redis.passwordFile"
    case redisURL = "redis.url"
    case tlsCertificateFile = "tls.certificateFile"
    case tlsKeyFile = "tls.keyFile"

    var defaultValue: String? {
        switch self {
        case .accessInsecure, .accessMode: "off"
        case .amqpURL: "amqp://127.0.0.1:5672/%2f"
        case .autoscalerCoolDown: "60"
        case .autoscalerDockerSocket: "/var/run/docker.sock"
        case .autoscalerDownWindow: "300"
        case .autoscalerDrainSeconds: "30"
        case .autoscalerDriver: "docker"
        case .autoscalerGatewayPort: "8080"
        case .autoscalerGatewayProcessors: "0.7"
        case .autoscalerGatewayRequests: "64"
        case .autoscalerGatewaysMaximum: "8"
        case .autoscalerGatewaysMinimum: "1"
        case .autoscalerInterval: "5"
        case .autoscalerLatencySeconds: "0.25"
        case .autoscalerPort: "9090"
        case .autoscalerProjectorPort: "9090"
        case .autoscalerProjectorUtilisation: "0.8"
        case .autoscalerProjectorsMaximum: "8"
        case .autoscalerProjectorsMinimum: "1"
        case .autoscalerStepDown: "1"
        case .autoscalerStepUp: "4"
        case .autoscalerStopSeconds: "60"
        case .autoscalerUpWindow: "15"
        case .databaseConnections: "2"
        case .databaseURL: "postgresql://127.0.0.1:26257/tidemark"
        case .httpDrainIdleSeconds: "5"
        case .httpDrainSeconds: "15"
        case .httpFeeds: "500"
        case .httpHost: "127.0.0.1"
        case .httpMaximumConnections: "4096"
        case .httpMaximumHeldBytes: "134217728"
        case .httpMaximumRequests: "512"
        case .httpMaximumValueBytes: "1048576"
        case .httpMaximumWaiting: "4096"
        case .httpPort: "8080"
        case .logLevel: "info"
        case .logRequests: "notable"
        case .namespace: "tidemark"
        case .projectorAuditReads: "10"
        case .projectorLeaseSeconds: "5"
        case .projectorQuarantine: "let-through"
        case .redisURL: "redis://127.0.0.1:6379"
        case .accessAudience, .accessIssuer, .accessJWKSFile, .accessRate, .accessSecretFile, .amqpPassword,
            .amqpPasswordFile, .archiveDirectory, .autoscalerGateways, .autoscalerProject, .autoscalerProjectors,
            .autoscalerTokenFile, .databasePassword, .databasePasswordFile, .logFormat, .partitions, .redisPassword,
            .redisPasswordFile, .tlsCertificateFile, .tlsKeyFile:
            nil
        }
    }

    var help: String {
        switch self {
        case .accessAudience: "What aud of a signed token must be or contain."
        case .accessInsecure: "on serves an address that isn't loopback to everybody, without access control."
        case .accessIssuer: "What iss of a signed token must be."
        case .accessJWKSFile: "File with a JWK set that signed tokens are checked with; read again when it changes."
        case .accessMode: "on answers only those with an access key or a signed token; off answers everybody."
        case .accessRate: "Requests a second for a principal without a rate of its own (no limit), for each gateway."
        case .accessSecretFile: "File with a secret of 32 bytes or more, for tokens signed with HS256."
        case .amqpPassword: "Password for RabbitMQ, if the URL has none."
        case .amqpPasswordFile: "File with the password for RabbitMQ."
        case .amqpURL:
            "RabbitMQ: amqp://user@host:5672/vhost, or amqps://user@host:5671/vhost?cacertfile=FILE for TLS, several "
                + "with commas between."
        case .archiveDirectory: "Directory of the archive, where past values are read that are no longer in the log."
        case .autoscalerCoolDown: "Seconds from any change to the next removal."
        case .autoscalerDockerSocket: "Socket of the Docker Engine."
        case .autoscalerDownWindow:
            "One leaves when no observation in so many seconds needed it; longer than loads are quiet in between."
        case .autoscalerDrainSeconds: "Within so many seconds the projectors are to have applied what waits."
        case .autoscalerDriver:
            "docker: containers of a Compose project; none: instances that are named, and never changed."
        case .autoscalerGatewayPort: "Port of the gateways' containers, for /metrics."
        case .autoscalerGatewayProcessors: "Processors that a gateway is to use, in seconds per second."
        case .autoscalerGatewayRequests:
            "Requests that are to be under way in a gateway, without those that wait on purpose."
        case .autoscalerGateways: "With driver none: the gateways as http://host:port, with commas between."
        case .autoscalerGatewaysMaximum: "Gateways there may be."
        case .autoscalerGatewaysMinimum: "Gateways there are at least."
        case .autoscalerInterval: "Seconds between observations, 1 to 300."
        case .autoscalerLatencySeconds: "While the 99th percentile is above this, no gateway leaves."
        case .autoscalerPort: "Port of the autoscaler's own /readyz and /metrics."
        case .autoscalerProject: "The Compose project; without it the one that the autoscaler's own container is of."
        case .autoscalerProjectorPort: "Port of the projectors' containers, for /metrics."
        case .autoscalerProjectorUtilisation: "Part of its time that a projector is to be busy."
        case .autoscalerProjectors: "With driver none: the projectors as http://host:port, with commas between."
        case .autoscalerProjectorsMaximum: "Projectors there may be, never more than partitions."
        case .autoscalerProjectorsMinimum: "Projectors there are at least."
        case .autoscalerStepDown: "How many may be removed at once."
        case .autoscalerStepUp: "How many may be added at once."
        case .autoscalerStopSeconds:
            "How long a container may take to end before it is killed; longer than gateways drain."
        case .autoscalerTokenFile: "File with an access key that has the verb audit, where gateways ask for one."
        case .autoscalerUpWindow: "One is added when all observations in so many seconds needed it."
        case .databaseConnections: "Connections that a role keeps to the database, 1 to 64."
        case .databasePassword: "Password for the database, if the URL has none."
        case .databasePasswordFile: "File with the password for the database."
        case .databaseURL: "CockroachDB or PostgreSQL, as libpq takes it; several hosts with commas between."
        case .httpDrainIdleSeconds:
            "How long an ending gateway keeps idle connections, 0 to 300: longer than the balancer in front keeps its own."
        case .httpDrainSeconds: "How long requests under way may take when the gateway ends, 0 to 3,600 seconds."
        case .httpFeeds: "Change feeds that a gateway serves at once, 0 to 10,000."
        case .httpHost: "Address to listen on."
        case .httpMaximumConnections: "Connections that are served at once; more are answered with 503."
        case .httpMaximumHeldBytes: "Bytes of bodies and large answers in memory at once; more is answered with 503."
        case .httpMaximumRequests: "Reads under way at once, and as many writes; more are answered with 503."
        case .httpMaximumValueBytes: "The largest value that is accepted, in bytes."
        case .httpMaximumWaiting: "Requests that wait at once (Prefer: wait, linearizable); more are answered with 503."
        case .httpPort: "Port to listen on; 0 picks a free one."
        case .logFormat: "text or json; without it text on a terminal, and else json."
        case .logLevel: "trace, debug, info, notice, warning, error or critical."
        case .logRequests:
            "off, notable or all: which requests a gateway logs. Notable are answers from 500 on, requests of a second or "
                + "more, and those whose traceparent is sampled."
        case .namespace: "Names of queues and cache keys begin with it."
        case .partitions: "Partitions of a new cluster, 1 to 1,024 (16); never changes afterwards."
        case .projectorAuditReads:
            "Cached reads that a projector compares with the log, a second, 0 to 1,000; 0 for none."
        case .projectorLeaseSeconds: "How long a projector that died keeps its partitions, 2 to 300 seconds."
        case .projectorQuarantine:
            "let-through or hold: what becomes of later commands for a key whose command was set aside."
        case .redisPassword: "Password for Redis, if the URL has none."
        case .redisPasswordFile: "File with the password for Redis."
        case .redisURL: "redis://host:6379, or by Sentinels redis-sentinel://host:26379,host:26379/master; without TLS."
        case .tlsCertificateFile: "File with the certificate chain for HTTPS, in PEM; read again when it changes."
        case .tlsKeyFile: "File with the certificate's private key, in PEM."
        }
    }

    var environmentVariable: String {
        rawValue.reduce(into: "TIDEMARK_") { name, letter in
            if letter == "." { name += "_" } else { name += (letter.isUppercase ? "_" : "") + letter.uppercased() }
        }
    }

    /// The command line's, for those that have one.
    var flag: String { "--" + environmentVariable.dropFirst(9).lowercased().replacing("_", with: "-") }

    /// Of a URL: the variable that names the file with its password.
    var passwordFile: String { environmentVariable.replacing("_URL", with: "_PASSWORD_FILE") }

    /// Lines of a command's help: the variable, its default, and what it is.
    static func help(of settings: [Setting]) -> String {
        settings.map { "  \($0.environmentVariable)\($0.defaultValue.map { " (\($0))" } ?? "")\n      \($0.help)" }
            .joined(separator: "\n")
    }

    var isSecret: Bool {
        switch self {
        case .amqpPassword, .databasePassword, .redisPassword: true
        default: false
        }
    }

    /// A URL, whose password is masked when it is shown.
    var isURL: Bool {
        switch self {
        case .amqpURL, .databaseURL, .redisURL: true
        default: false
        }
    }
}
