import Access
import Gateway
import Logging

/// Who may ask, as the settings say.
extension Settings {
    /// - Throws: `Invalid` for an address that others can reach and that would answer everybody.
    func accessMode() throws -> AccessMode {
        let mode: AccessMode = try isOn(.accessMode) ? .on : .off
        let host = string(.httpHost)
        guard try mode == .on || Self.isLoopback(host) || isOn(.accessInsecure) else {
            throw Invalid(
                description: """
                    \(host) can be reached from other machines, and everybody there could read and write everything. \
                    Give --access on and make keys with `tidemark keys create`; or listen on 127.0.0.1; or, where \
                    something else decides who comes through, give --insecure.
                    """)
        }
        return mode
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `nil` without TLS.
    func certificates(_ logger: Logger) async throws -> Certificates? {
        switch (optional(.tlsCertificateFile), optional(.tlsKeyFile)) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            do {
                return try await Certificates(certificate: certificate, key: key, logger: logger)
            } catch let error as Certificates.Invalid {
                throw Invalid(description: "tls: \(error)")
            }
        default: throw Invalid(description: "TLS takes both, tls.certificateFile and tls.keyFile.")
        }
    }

    /// What signed tokens are checked with, and the files that it comes from.
    func tokens() async throws -> (verifier: TokenVerifier, files: TokenKeyFiles) {
        let files = TokenKeyFiles(set: optional(.accessJWKSFile), secret: optional(.accessSecretFile))
        do {
            let verifier = TokenVerifier(
                keys: try await files.read(), issuer: optional(.accessIssuer), audience: optional(.accessAudience))
            return (verifier, files)
        } catch let error as TokenKeys.Invalid {
            throw Invalid(description: "access: \(error)")
        }
    }
}
