import AsyncHTTPClient
import Autoscaler

/// What the settings say about an autoscaler.
struct Autoscaling: Sendable {
    var policy: TargetTrackingPolicy.Settings
    var interval: Duration

    var gateways: ScalingBounds { policy.gateways }
    var projectors: ScalingBounds { policy.projectors }

    func autoscaler(
        _ driver: any FleetDriver, http: HTTPClient,
        bearerToken: @escaping @Sendable () async throws -> String? = { nil }, isDryRun: Bool = false,
        report: @escaping @Sendable (Autoscaler.Report) -> Void
    ) -> Autoscaler {
        Autoscaler(
            policy: TargetTrackingPolicy(policy), driver: driver,
            scraper: Scraper(http: http, bearerToken: bearerToken),
            interval: interval, largestStep: (policy.gateways.stepUp, policy.gateways.stepDown), isDryRun: isDryRun,
            report: report)
    }
}

extension Settings {
    func autoscaling() throws -> Autoscaling {
        var policy = TargetTrackingPolicy.Settings()
        policy.gateway.requestsInFlight = try number(.autoscalerGatewayRequests, in: 0.1...100_000)
        policy.gateway.processors = try number(.autoscalerGatewayProcessors, in: 0.01...1_000)
        policy.gateway.latency = try number(.autoscalerLatencySeconds, in: 0.001...60)
        policy.projector.drainSeconds = try number(.autoscalerDrainSeconds, in: 1...86_400)
        policy.projector.utilisation = try number(.autoscalerProjectorUtilisation, in: 0.05...1)
        policy.gateways = try bounds(.autoscalerGatewaysMinimum, .autoscalerGatewaysMaximum)
        policy.projectors = try bounds(.autoscalerProjectorsMinimum, .autoscalerProjectorsMaximum)
        return Autoscaling(policy: policy, interval: try seconds(.autoscalerInterval, in: 1...300))
    }

    private func bounds(_ minimum: Setting, _ maximum: Setting) throws -> ScalingBounds {
        let least = try integer(minimum, in: 1...1_000)
        var bounds = ScalingBounds(minimum: least, maximum: try integer(maximum, in: 1...1_000))
        guard bounds.maximum >= least else {
            throw Invalid(description: "\(maximum.rawValue) must not be less than \(minimum.rawValue), \(least).")
        }
        bounds.upWindow = try seconds(.autoscalerUpWindow, in: 0...3_600)
        bounds.downWindow = try seconds(.autoscalerDownWindow, in: 0...86_400)
        bounds.coolDown = try seconds(.autoscalerCoolDown, in: 0...3_600)
        bounds.stepUp = try integer(.autoscalerStepUp, in: 1...1_000)
        bounds.stepDown = try integer(.autoscalerStepDown, in: 1...1_000)
        return bounds
    }

    private func seconds(_ setting: Setting, in range: ClosedRange<Double>) throws -> Duration {
        .seconds(try number(setting, in: range))
    }

    private func number(_ setting: Setting, in range: ClosedRange<Double>) throws -> Double {
        guard let number = Double(string(setting)), range.contains(number) else {
            throw Invalid(
                description: "\(setting.rawValue) must be a number from \(range.lowerBound) to \(range.upperBound), "
                    + "not \"\(string(setting))\".")
        }
        return number
    }
}
