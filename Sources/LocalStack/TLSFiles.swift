package import Foundation

/// What a server shows its clients, in PEM.
package struct TLSFiles: Sendable {
    package var authorities: URL
    package var certificate: URL
    package var key: URL

    package init(authorities: URL, certificate: URL, key: URL) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
    }
}
