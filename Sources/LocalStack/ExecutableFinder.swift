import Foundation

/// Finds programs on PATH and where Debian keeps those that are not on it.
package enum ExecutableFinder {
    private static let usualDirectories = [
        "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin",
    ]

    /// PATH followed by the usual directories.
    package static var searchPath: String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        var directories = path.split(separator: ":").map(String.init)
        for directory in usualDirectories where !directories.contains(directory) { directories.append(directory) }
        return directories.joined(separator: ":")
    }

    /// The program's absolute path, or `nil`. Directories in `first` go before PATH.
    package static func locate(_ name: String, first: [String] = [], last: [String] = []) -> String? {
        let directories = first + searchPath.split(separator: ":").map(String.init) + last
        return directories.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The program's absolute path. The error names the Debian package that has it.
    package static func find(
        _ name: String, package: String, first: [String] = [], last: [String] = []
    ) throws -> String {
        if let path = locate(name, first: first, last: last) { return path }
        throw StartFailure(
            name: name, reason: "was not found",
            advice: "Install the Debian package \(package) (apt-get install \(package)), or run scripts/setup.")
    }

    /// PostgreSQL's own directories, the newest version first. Debian keeps `postgres` and `initdb` off PATH.
    package static var postgresDirectories: [String] {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap { Int($0) }.sorted(by: >).map { "\(root)/\($0)/bin" }
    }
}
