import Foundation
package import Logging
import NIOPosix
import NIOSSL
package import ServiceLifecycle
import Synchronization

/// The gateway's certificate and key (PEM), read again when the files change. A connection keeps what it began with; new
/// ones get the new certificate.
package final class Certificates: Service {
    /// What is wrong with the files.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    private struct State: Sendable {
        var context: NIOSSLContext
        var stamps: [FileStamp?]
    }

    private let certificate: String
    private let key: String
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - certificate: a file with the certificate and those between it and its root.
    ///   - key: a file with its private key.
    /// - Throws: `Invalid`.
    package init(certificate: String, key: String, interval: Duration = .seconds(1), logger: Logger) async throws {
        self.certificate = certificate
        self.key = key
        self.interval = interval
        self.logger = logger
        let first = try await NIOThreadPool.singleton.runIfActive { try Self.read(certificate, key) }
        state = Mutex(first)
    }

    /// For the next connection.
    var context: NIOSSLContext { state.withLock(\.context) }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.interval)
                await self.refresh()
            }
        }
    }

    /// A pair that can't be used, as between the replacement of one file and of the other, leaves the old one in force.
    private func refresh() async {
        let before = state.withLock(\.stamps)
        let read = try? await NIOThreadPool.singleton.runIfActive {
            [certificate, key] () -> ([FileStamp?], Result<State, any Error>)? in
            let stamps = [certificate, key].map(FileStamp.init)
            return stamps == before ? nil : (stamps, Result { try Self.read(certificate, key) })
        }
        guard let (stamps, result) = read else { return }
        switch result {
        case .success(let new):
            state.withLock { $0 = new }
            logger.notice("certificate read again")
        case .failure(let error):
            state.withLock { $0.stamps = stamps }
            logger.error("certificate can't be read; the old one stays", metadata: ["error": "\(error)"])
        }
    }

    private static func read(_ certificate: String, _ key: String) throws -> State {
        // The stamps first: what changes in between is seen the next time.
        let stamps = [certificate, key].map(FileStamp.init)
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return State(context: try NIOSSLContext(configuration: configuration), stamps: stamps)
        } catch {
            throw Invalid(
                description: "\(certificate) and \(key) are no certificate and private key of it, in PEM: \(error)")
        }
    }
}
