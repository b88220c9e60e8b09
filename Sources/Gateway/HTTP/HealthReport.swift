/// Whether this gateway can serve, part by part.
package struct HealthReport: Sendable, Equatable {
    package struct Check: Sendable, Equatable {
        package var name: String
        package var ok: Bool
        /// Whether the gateway is not ready without it.
        package var required: Bool
        package var detail: String

        package init(name: String, ok: Bool, required: Bool = true, detail: String) {
            self.name = name
            self.ok = ok
            self.required = required
            self.detail = detail
        }
    }

    package var checks: [Check]

    package init(checks: [Check]) { self.checks = checks }

    package var isReady: Bool { checks.allSatisfy { $0.ok || !$0.required } }
}
