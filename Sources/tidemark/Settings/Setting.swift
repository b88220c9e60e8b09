/// Everything that can be configured. The raw value is the key in the YAML file; `TIDEMARK_` and the key in capitals, words
/// joined by underscores, is the environment variable: `database.passwordFile`, `TIDEMARK_DATABASE_PASSWORD_FILE`.
enum Setting: String, CaseIterable {
    case amqpPassword = "amqp.password"
    case amqpPasswordFile = "amqp.passwordFile"
    case amqpURL = "amqp.url"
    case databaseConnections = "database.connections"
    case databasePassword = "database.password"
    case databasePasswordFile = "database.passwordFile"
    case databaseURL = "database.url"
    case httpFeeds = "http.feeds"
    case httpHost = "http.host"
    case httpPort = "http.port"
    case httpMaximumValueBytes = "http.maximumValueBytes"
    case logLevel = "log.level"
    case namespace = "namespace"
    case partitions = "partitions"
    case projectorLeaseSeconds = "projector.leaseSeconds"
    case projectorQuarantine = "projector.quarantine"
    case redisPassword = "redis.password"
    case redisPasswordFile = "redis.passwordFile"
    case redisURL = "redis.url"

    var defaultValue: String? {
        switch self {
        case .amqpURL: "amqp://127.0.0.1:5672/%2f"
        case .databaseConnections: "2"
        case .databaseURL: "postgresql://127.0.0.1:26257/tidemark"
        case .httpFeeds: "500"
        case .httpHost: "127.0.0.1"
        case .httpPort: "8080"
        case .httpMaximumValueBytes: "1048576"
        case .logLevel: "info"
        case .namespace: "tidemark"
        case .projectorLeaseSeconds: "5"
        case .projectorQuarantine: "let-through"
        case .redisURL: "redis://127.0.0.1:6379"
        case .amqpPassword, .amqpPasswordFile, .databasePassword, .databasePasswordFile, .partitions, .redisPassword,
            .redisPasswordFile:
            nil
        }
    }

    var help: String {
        switch self {
        case .amqpPassword: "Password for RabbitMQ, if the URL has none."
        case .amqpPasswordFile: "File with the password for RabbitMQ."
        case .amqpURL: "RabbitMQ: amqp://user@host:5672/vhost, several with commas between."
        case .databaseConnections: "Connections that a role keeps to the database, 1 to 64."
        case .databasePassword: "Password for the database, if the URL has none."
        case .databasePasswordFile: "File with the password for the database."
        case .databaseURL: "CockroachDB or PostgreSQL, as libpq takes it; several hosts with commas between."
        case .httpFeeds: "Change feeds that a gateway serves at once, 0 to 10,000."
        case .httpHost: "Address to listen on."
        case .httpPort: "Port to listen on; 0 picks a free one."
        case .httpMaximumValueBytes: "The largest value that is accepted, in bytes."
        case .logLevel: "trace, debug, info, notice, warning, error or critical."
        case .namespace: "Names of queues and cache keys begin with it."
        case .partitions: "Partitions of a new cluster, 1 to 1,024 (16); never changes afterwards."
        case .projectorLeaseSeconds: "How long a projector that died keeps its partitions, 2 to 300 seconds."
        case .projectorQuarantine:
            "let-through or hold: what becomes of later commands for a key whose command was set aside."
        case .redisPassword: "Password for Redis, if the URL has none."
        case .redisPasswordFile: "File with the password for Redis."
        case .redisURL: "Redis: redis://host:6379, several with commas between."
        }
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
