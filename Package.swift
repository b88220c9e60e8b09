// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func github(_ name: String) -> String { "https://github.com/\(name)" }

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundationCompat = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// In order; `migrations/Migrations.swift` lists them again, with their embedded text.
let migrations = [
    "0001_cluster",
    "0002_partitions",
    "0003_leases",
    "0004_workers",
    "0005_origins",
    "0006_events",
    "0007_events_by_key",
    "0008_events_by_command",
    "0009_kv",
    "0010_kv_expiring",
    "0011_dead_letters",
    "0012_trials",
    "0013_access_keys",
    "0014_retention",
    "0015_dead_letter_state",
    "0016_dead_letter_decision",
    "0017_partitions_generation",
    "0018_kv_even",
    "0019_kv_even_expiring",
    "0020_rebuilds",
    "0021_archives",
]

let package = Package(
    name: "tidemark",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tidemark", targets: ["tidemark"]),
        .library(name: "TidemarkClient", targets: ["TidemarkClient"]),
    ],
    dependencies: [
        .package(url: github("apple/swift-argument-parser"), from: "1.8.2"),
        .package(
            url: github("apple/swift-configuration"), from: "1.4.0",
            traits: ["JSON", "YAML", "CommandLineArguments"]),
        .package(url: github("apple/swift-crypto"), from: "4.5.2"),
        .package(url: github("apple/swift-http-types"), from: "1.8.0"),
        .package(url: github("apple/swift-log"), from: "1.16.2"),
        .package(url: github("apple/swift-metrics"), from: "2.13.0"),
        .package(url: github("apple/swift-nio"), from: "2.101.2"),
        .package(url: github("apple/swift-nio-extras"), from: "1.35.2"),
        .package(url: github("apple/swift-nio-ssl"), from: "2.37.6"),
        .package(url: github("apple/swift-protobuf"), from: "1.39.0"),
        .package(url: github("HdrHistogram/hdrhistogram-swift"), from: "0.2.0"),
        .package(url: github("hummingbird-project/hummingbird"), from: "2.28.1"),
        .package(url: github("swift-server/async-http-client"), from: "1.37.0"),
        .package(url: github("swift-server/swift-service-lifecycle"), from: "2.13.0"),
        .package(url: github("apple/swift-system"), from: "1.8.1"),
        .package(url: github("vapor/jwt-kit"), from: "5.7.1"),
    ],
    targets: [
        // C libraries
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .systemLibrary(
            name: "CRabbitMQ", pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"]), .brew(["rabbitmq-c"])]),
        .systemLibrary(
            name: "CHiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        // Values and drivers
        .target(name: "SplitMix", swiftSettings: settings),
        .target(name: "Lanes", dependencies: [logging], swiftSettings: settings),
        .target(name: "Prometheus", dependencies: [metrics], swiftSettings: settings),
        .target(
            name: "Commands",
            dependencies: ["Lanes", "CRabbitMQ", crypto, logging, metrics, protobuf],
            swiftSettings: settings),
        .target(name: "Access", dependencies: ["Commands", crypto, jwtKit], swiftSettings: settings),
        .target(
            name: "Migrations", path: "migrations",
            resources: migrations.map { .embedInCode("\($0).sql") },
            swiftSettings: settings),
        .target(
            name: "EventLog",
            dependencies: ["Access", "Commands", "Lanes", "Migrations", "CLibPQ", crypto, logging, metrics],
            swiftSettings: settings),
        .target(name: "Audit", dependencies: ["Commands", "EventLog", crypto], swiftSettings: settings),
        .target(
            name: "Cache",
            dependencies: ["Commands", "EventLog", "Lanes", "CHiredis", crypto, logging, metrics, nioCore],
            swiftSettings: settings),

        .target(
            name: "Retention", dependencies: ["CZlib", "Commands", "EventLog", "Lanes", crypto, logging],
            swiftSettings: settings),

        // Roles
        .target(
            name: "Projector",
            dependencies: [
                "Cache", "Commands", "EventLog", "Lanes", crypto, hummingbird, lifecycle, logging, metrics,
            ],
            swiftSettings: settings),
        .target(
            name: "Gateway",
            dependencies: [
                "Access", "Cache", "Commands", "EventLog", "Prometheus", crypto, httpTypes, hummingbird,
                hummingbirdCore, lifecycle, logging, metrics, nioCore, nioExtras, nioHTTP1, nioHTTPTypes,
                nioHTTPTypesHTTP1, nioPosix, nioSSL,
            ],
            resources: [.embedInCode("HTTP/openapi.json")],
            swiftSettings: settings),

        .target(
            name: "Autoscaler",
            dependencies: ["SplitMix", httpClient, logging, metrics, nioCore, nioFoundationCompat, nioHTTP1],
            swiftSettings: settings),

        // Tools
        .target(
            name: "LocalStack",
            // Links to what is in compose/nginx.
            resources: ["command-key", "trace", "trace-headers"].map { .embedInCode("Nginx/\($0).conf") },
            swiftSettings: settings),
        .target(
            name: "TidemarkClient",
            dependencies: [httpClient, nioCore, nioHTTP1, nioPosix, nioSSL],
            swiftSettings: settings),
        .target(name: "History", swiftSettings: settings),
        .target(name: "Checking", dependencies: ["History", "SplitMix", "TidemarkClient"], swiftSettings: settings),
        .executableTarget(
            name: "tidemark",
            dependencies: [
                "Access", "Audit", "Autoscaler", "Cache", "Checking", "Commands", "EventLog", "Gateway", "History",
                "LocalStack",
                "Projector", "Prometheus", "Retention", "SplitMix",
                "TidemarkClient", arguments, configuration, crypto, histogram, httpClient, lifecycle, logging, metrics,
                nioCore, nioHTTP1, systemPackage, unixSignals,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "tidemark-benchmarks",
            dependencies: [
                "Audit", "CLibPQ", "CRabbitMQ", "Cache", "Commands", "EventLog", "Projector", "Prometheus", "SplitMix",
                arguments,
                hummingbird, logging, metrics,
            ],
            path: "Sources/Benchmarks",
            swiftSettings: settings),

        // The simulation
        .target(name: "CSimulation", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "Simulation",
            dependencies: [
                "CSimulation", "Cache", "Commands", "EventLog", "Gateway", "Lanes", "Projector", "Prometheus", crypto,
                httpTypes, hummingbird, logging, nioCore,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "tidemark-simulate", dependencies: ["Simulation", arguments], swiftSettings: settings),

        // Tests
        .testTarget(
            name: "AccessTests", dependencies: ["Access", "Commands", "SplitMix", crypto, cryptoExtras],
            swiftSettings: settings),
        .testTarget(name: "AutoscalerTests", dependencies: ["Autoscaler", "SplitMix"], swiftSettings: settings),
        .testTarget(
            name: "CommandsTests", dependencies: ["Commands", "Lanes", "SplitMix", logging, metrics],
            swiftSettings: settings),
        .testTarget(
            name: "AuditTests", dependencies: ["Audit", "Commands", "EventLog", "Projector", "SplitMix", crypto],
            swiftSettings: settings),
        .testTarget(name: "EventLogTests", dependencies: ["Commands", "EventLog", crypto], swiftSettings: settings),
        .testTarget(
            name: "CacheTests", dependencies: ["Cache", "Commands", "EventLog", "SplitMix", nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "ProjectorTests", dependencies: ["Cache", "Commands", "EventLog", "Projector", "SplitMix", nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Access", "Cache", "Commands", "EventLog", "Gateway", "SplitMix", httpTypes, hummingbird, lifecycle,
                logging,
                metrics, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(name: "HistoryTests", dependencies: ["History", "SplitMix"], swiftSettings: settings),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Cache", "Commands", "EventLog", "Gateway", "SplitMix", httpTypes, nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Checking", "History", "LocalStack", "SplitMix", "TidemarkClient", "tidemark", nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["LocalStack", "tidemark-simulate"], swiftSettings: settings),
        .testTarget(name: "PrometheusTests", dependencies: ["Prometheus", metrics], swiftSettings: settings),
        .testTarget(name: "LocalStackTests", dependencies: ["LocalStack"], swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "Checking", "History", "SplitMix", "TidemarkClient", "tidemark", arguments, logging, nioCore,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Access", "Audit", "Autoscaler", "Cache", "Checking", "Commands", "EventLog", "Gateway", "History",
                "Lanes",
                "LocalStack",
                "Projector", "Prometheus", "Retention", "SplitMix", "TidemarkClient", "CLibPQ", crypto, httpClient,
                httpTypes,
                hummingbird,
                lifecycle,
                logging,
                nioCore, nioHTTP1, nioPosix, nioSSL,
            ],
            swiftSettings: settings),
    ]
)
