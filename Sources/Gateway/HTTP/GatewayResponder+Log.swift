import Commands
import Hummingbird
import Logging

extension GatewayResponder {
    /// A line of the request, if it gets one. Neither keys nor anything else that users wrote stand in it.
    func log(
        _ exchange: inout Exchange, _ response: Response, after duration: Duration, at now: ContinuousClock.Instant
    ) {
        let logger = exchange.context.logger
        guard let line = requestLog.line(response.status, after: duration, exchange.signs, at: now),
            logger.logLevel <= line.level
        else { return }
        var metadata: Logger.Metadata = [
            LogName.request: "\(exchange.nameForLog())",
            "route": "\(exchange.target.route?.rawValue ?? "none")",
            "method": "\(exchange.request.method.rawValue)",
            "status": .stringConvertible(response.status.code),
            "duration_ms": .stringConvertible((duration / .microseconds(1)).rounded() / 1_000),
            "principal": "\(exchange.principal)",
        ]
        if let trace = exchange.signs.trace { metadata.add(trace) }
        if let command = response.headers[.tidemarkCommand] { metadata[LogName.command] = "\(command)" }
        if line.leftOut > 0 { metadata[LogName.leftOut] = .stringConvertible(line.leftOut) }
        logger.log(level: line.level, "request", metadata: metadata)
    }
}
