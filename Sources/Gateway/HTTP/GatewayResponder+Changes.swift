import Access
import Commands
import EventLog
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// The change feed, as server-sent events (HTML Living Standard §9.2).
extension GatewayResponder {
    private static let beginning = "beginning"

    func changes(_ exchange: Exchange) async throws -> Response {
        let query = try exchange.query(["prefix", "after", "values"])
        _ = try exchange.headers()
        let prefix = try query.keyPrefix("prefix")
        let covered = exchange.caller.grant.coverage(of: prefix)
        guard !covered.isEmpty else {
            throw Problem.forbidden("Keys that begin so are outside what this principal may see.")
        }
        let caller = exchange.caller
        let request = ChangeRequest(
            start: try start(query, exchange.request.headers), filter: ChangeFilter(prefix: prefix, covered: covered),
            values: try query.flag("values")
        ) { [gatekeeper, headers = exchange.request.headers] in
            gatekeeper?.stillAdmits(headers, as: caller) ?? true
        }
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
        ]
        if exchange.request.method == .head { return .empty(.ok, headers) }
        if Task.isShuttingDownGracefully {
            throw GatewayError(.overloaded, "This gateway is about to end. Go on at another one.")
        }
        let feed: ChangeFeed
        do {
            feed = try await useCases.changes(request)
        } catch {
            throw problem(for: error)
        }
        let channel = exchange.context.channel
        let positions = useCases.positions
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await withGracefulShutdownHandler {
                    try await EventStream(feed, positions: positions, channel: channel).write(to: &writer)
                } onGracefulShutdown: {
                    feed.end()
                    channel?.closeUnlessDone(in: feed.limits.farewell)
                }
            })
    }

    /// A client that lost its connection sends the id of the last event it got, and the query it began with.
    private func start(
        _ query: QueryParameters, _ headers: HTTPFields
    ) throws(Problem)
        -> ChangeRequest.Start
    {
        if let id = headers[.lastEventID], !id.isEmpty {
            return .after(try position(id, .header("Last-Event-ID")))
        }
        guard let after = query["after"] else { return .now }
        if after == Self.beginning { return .beginning }
        return .after(try position(after, .parameter("after")))
    }

    private func position(_ text: String, _ place: Problem.Extra) throws(Problem) -> FeedPosition {
        do {
            return try useCases.positions.decode(text)
        } catch {
            let detail =
                switch error {
                case .malformed: "This is no position that a feed gave; was it cut or changed?"
                case .otherCluster: "This position is another cluster's."
                case .otherPartitions: "This position is from a cluster with another number of partitions."
                }
            throw Problem(
                .positionInvalid, detail + " after=\(Self.beginning) begins with the first event there was.", place)
        }
    }

    private func problem(for refusal: ChangeRefusal) -> Problem {
        switch refusal {
        case .ahead:
            return Problem(
                .positionInvalid,
                "The position is ahead of the log: the database was set back to an earlier state, or the position made up."
            )
        case .removed(let oldest):
            return Problem(
                .positionRemoved, "Events after this position were removed by retention.",
                .position(useCases.positions.encode(oldest)))
        case .tooMany(let limit):
            return Problem(
                GatewayError(
                    .overloaded,
                    "This gateway serves \(limit) change feeds, and that is all it takes. Try again, or another gateway."
                ))
        case .failed(let error): return Problem(error)
        }
    }
}

extension Channel {
    /// Closes the connection if it is still open after a while.
    func closeUnlessDone(in time: Duration) {
        eventLoop.scheduleTask(in: TimeAmount(time)) { self.close(promise: nil) }
    }
}
