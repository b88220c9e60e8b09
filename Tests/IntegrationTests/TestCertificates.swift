import Foundation
import LocalStack

/// A certificate authority of a test's own, made by openssl.
struct TestCertificates {
    let directory: URL

    init() async throws {
        directory = TestServers.directory.appendingPathComponent("tls-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try await openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.crt")
    }

    var authority: URL { file("ca.crt") }

    /// A certificate for the host `name`, in files called `stem`.
    func issue(_ stem: String, for name: String = "localhost") async throws -> TLSFiles {
        try Data("subjectAltName=DNS:\(name)\n".utf8).write(to: file("\(stem).ext"))
        try await openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(stem)", "-keyout", "\(stem).key",
            "-out", "\(stem).csr")
        try await openssl(
            "x509", "-req", "-in", "\(stem).csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(stem).ext", "-out", "\(stem).crt")
        return TLSFiles(authorities: authority, certificate: file("\(stem).crt"), key: file("\(stem).key"))
    }

    func file(_ name: String) -> URL { directory.appendingPathComponent(name) }

    private func openssl(_ arguments: String...) async throws {
        _ = try await OneShot.run("/usr/bin/openssl", arguments, in: directory)
    }
}
