package import Access
import Foundation
import Logging
import NIOPosix

/// The files that token keys come from, read again when they change.
package actor TokenKeyFiles {
    private let set: String?
    private let secret: String?
    private var stamps: [FileStamp?] = []

    /// - Parameters:
    ///   - set: a file with a JWK set.
    ///   - secret: a file with a secret for HS256.
    package init(set: String?, secret: String?) {
        self.set = set
        self.secret = secret
    }

    /// - Throws: `TokenKeys.Invalid`.
    package func read() async throws -> TokenKeys {
        let (set, secret) = (set, secret)
        let (stamps, files) = try await NIOThreadPool.singleton.runIfActive {
            // The stamps first: what changes in between is seen the next time.
            let stamps = [set, secret].map { $0.flatMap(FileStamp.init) }
            return (stamps, try [set, secret].map { try $0.map(Self.contents) })
        }
        self.stamps = stamps
        var keys = TokenKeys()
        if let file = files[0] { try await keys.add(set: file) }
        if let file = files[1] { try await keys.add(secret: file) }
        return keys
    }

    /// The keys when a file has changed. What can't be read leaves those there are in force.
    func changed(_ logger: Logger) async -> TokenKeys? {
        let (set, secret) = (set, secret)
        let now = try? await NIOThreadPool.singleton.runIfActive { [set, secret].map { $0.flatMap(FileStamp.init) } }
        guard let now, now != stamps else { return nil }
        stamps = now
        do {
            let keys = try await read()
            logger.notice("token keys read again")
            return keys
        } catch {
            logger.error("token keys can't be read; the old ones stay", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private static func contents(_ path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw TokenKeys.Invalid(description: "the file \(path) can't be read")
        }
    }
}
