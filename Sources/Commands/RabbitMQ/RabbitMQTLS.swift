package import Foundation

/// TLS to a broker. Its certificate must be signed by a root in `authorities`, and be for the host name in the URL; there
/// is no way to go without.
package struct RabbitMQTLS: Sendable, Equatable {
    /// A file with root certificates, in PEM.
    package var authorities = "/etc/ssl/certs/ca-certificates.crt"
    /// What this side shows a broker that asks for a certificate.
    package var certificate: Identity?

    /// Files, in PEM.
    package struct Identity: Sendable, Equatable {
        package var certificate: String
        package var key: String
    }

    init(_ parameters: [URLQueryItem]) throws(RabbitMQError) {
        var files: [String: String] = [:]
        for parameter in parameters {
            guard ["cacertfile", "certfile", "keyfile"].contains(parameter.name), let path = parameter.value,
                !path.isEmpty
            else {
                throw RabbitMQError(
                    .misconfigured,
                    "an amqps URL takes cacertfile, certfile and keyfile, each with a path, and not \(parameter.name); "
                        + "the broker's certificate and its host name are always checked")
            }
            files[parameter.name] = path
        }
        if let file = files["cacertfile"] { authorities = file }
        switch (files["certfile"], files["keyfile"]) {
        case (nil, nil): break
        case (let certificate?, let key?): self.certificate = Identity(certificate: certificate, key: key)
        default: throw RabbitMQError(.misconfigured, "an amqps URL takes certfile and keyfile together")
        }
    }
}
