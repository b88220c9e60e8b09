import HTTPTypes

/// Every kind of failure that the gateway answers with: the raw value is the slug in `/problems/<slug>`.
enum ProblemType: String, CaseIterable, Sendable {
    // What the client asked is wrong.
    case invalidKey = "invalid-key"
    case invalidHeader = "invalid-header"
    case invalidQuery = "invalid-query"
    case invalidBody = "invalid-body"
    case sessionInvalid = "session-invalid"
    case positionInvalid = "position-invalid"
    case valueTooLarge = "value-too-large"
    case bodyTooLarge = "body-too-large"
    case answerTooLarge = "answer-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case unauthenticated
    case forbidden
    case rateLimited = "rate-limited"
    case unknownPath = "unknown-path"
    case methodNotAllowed = "method-not-allowed"
    case malformedRequest = "malformed-request"
    case headersTooLarge = "headers-too-large"
    case requestTimeout = "request-timeout"

    // What the client asked can't be.
    case notFound = "not-found"
    case valueErased = "value-erased"
    case valueArchived = "value-archived"
    case unknownCommand = "unknown-command"
    case positionRemoved = "position-removed"
    case preconditionFailed = "precondition-failed"
    case idempotencyKeyReused = "idempotency-key-reused"

    // What the gateway can't do at the moment.
    case brokerUnavailable = "broker-unavailable"
    case queueFull = "queue-full"
    case ackUnknown = "ack-unknown"
    case databaseUnavailable = "database-unavailable"
    case accessUnavailable = "access-unavailable"
    case overloaded
    case sessionNotReached = "session-not-reached"
    case barrierTimeout = "barrier-timeout"

    // What went wrong inside.
    case commandDead = "command-dead"
    case internalError = "internal"

    init(_ code: GatewayError.Code) {
        self =
            switch code {
            case .brokerUnavailable: .brokerUnavailable
            case .queueFull: .queueFull
            case .ackUnknown: .ackUnknown
            case .databaseUnavailable: .databaseUnavailable
            case .overloaded: .overloaded
            case .sessionNotReached: .sessionNotReached
            case .barrierTimeout: .barrierTimeout
            }
    }

    struct Description: Sendable {
        var status: HTTPResponse.Status
        /// Never varies from case to case.
        var title: String
        /// What the page behind `type` says: what it means, and what to do.
        var page: String
        /// Seconds, for `Retry-After`.
        var retryAfter: Int?
    }

    var description: Description {
        switch self {
        case .invalidKey:
            Description(
                status: .badRequest, title: "The key is not valid",
                page: """
                    A key is 1 to 1,024 bytes of UTF-8 after percent-decoding, any characters but NUL. Encode what a \
                    URL can't hold as %XX, each byte of the UTF-8 by itself.
                    """)
        case .invalidHeader:
            Description(
                status: .badRequest, title: "A request header is not valid",
                page: """
                    The member "header" names the header, and the detail says what was wrong with it. Nothing was \
                    written.
                    """)
        case .invalidQuery:
            Description(
                status: .badRequest, title: "A query parameter is not valid",
                page: """
                    The member "parameter" names the parameter. A parameter that the call doesn't know is refused \
                    too, so that a misspelt one is not silently without effect.
                    """)
        case .invalidBody:
            Description(
                status: .badRequest, title: "The request body is not valid",
                page: """
                    The body is not the JSON that the call asks for. The detail names the place, and for a batch the \
                    member "index" counts operations from 0. Nothing was written.
                    """)
        case .sessionInvalid:
            Description(
                status: .badRequest, title: "The session token is not valid",
                page: """
                    Tidemark-Session takes a token exactly as this cluster gave it. A token of another cluster, or \
                    one that was cut or changed, is refused. Leave the header out to begin a new session.
                    """)
        case .positionInvalid:
            Description(
                status: .badRequest, title: "The position in the change feed is not valid",
                page: """
                    "after" and Last-Event-ID take a position exactly as a feed of this cluster gave it. One of another \
                    cluster, one that was cut or changed, and one that is ahead of the log are refused; the last means that the \
                    database was set back to an earlier state. Begin anew with after=beginning, or without a position.
                    """)
        case .valueTooLarge:
            Description(
                status: .contentTooLarge, title: "The value is too large",
                page: """
                    The member "limit" says how many bytes a value may have. Split the value, or keep it elsewhere \
                    and store where it is. Whoever runs the gateway can raise the limit.
                    """)
        case .bodyTooLarge:
            Description(
                status: .contentTooLarge, title: "The request body is too large",
                page: """
                    The member "limit" says how many bytes the body of a batch may have. Send several smaller \
                    batches.
                    """)
        case .answerTooLarge:
            Description(
                status: .contentTooLarge, title: "The answer would be too large",
                page: """
                    The values that this batch reads are more bytes, together, than one answer holds; the member \
                    "limit" says how many that is. The gets before this one are answered. Send the others in another \
                    batch.
                    """)
        case .unsupportedMediaType:
            Description(
                status: .unsupportedMediaType, title: "The content can't be taken in this form",
                page: """
                    A batch is sent as application/json. Values are kept as they come, of any type, but not under a \
                    Content-Encoding, which could not be given back: send them plain.
                    """)
        case .unauthenticated:
            Description(
                status: .unauthorized, title: "Who asks is not known",
                page: """
                    This gateway answers only those it knows: send Authorization: Bearer with an access key \
                    ("tidemark keys create" makes one) or a signed token. The detail says what was wrong with what came.
                    """)
        case .forbidden:
            Description(
                status: .forbidden, title: "This principal may not do that",
                page: """
                    The access key or token is good, but does not cover this kind of call, or this key: each has verbs \
                    (read, write, delete, audit, admin) and prefixes of keys. The answer is the same whether the key \
                    has a value or not.
                    """)
        case .rateLimited:
            Description(
                status: .tooManyRequests, title: "Too many requests",
                page: """
                    The principal has a rate, in requests a second and for each gateway, and has used it up; an \
                    operation of a batch counts as a request. Nothing was done. The header Retry-After says when to \
                    try again.
                    """)
        case .unknownPath:
            Description(
                status: .notFound, title: "There is nothing at this path",
                page: "The paths that exist are in /openapi.json. Values are under /v1/kv/, the key following as it is."
            )
        case .methodNotAllowed:
            Description(
                status: .methodNotAllowed, title: "The method is not allowed here",
                page: "The header Allow names the methods that this path takes.")
        case .malformedRequest:
            Description(
                status: .badRequest, title: "The request is not HTTP/1.1",
                page: """
                    What arrived breaks HTTP's own rules: a byte that a header may not hold, a length that is no number, a \
                    chunk that is none. The connection is closed, since nobody knows where the next request begins.
                    """)
        case .headersTooLarge:
            Description(
                status: .requestHeaderFieldsTooLarge, title: "The request's headers are too large",
                page: """
                    The first line and the headers of a request may have 16 KiB together, and be 100. The connection is \
                    closed.
                    """)
        case .requestTimeout:
            Description(
                status: .requestTimeout, title: "The request did not come in time",
                page: """
                    A request's head has ten seconds to arrive, and its body ten seconds and one more for each KiB. \
                    Nothing was written. The connection is closed.
                    """)
        case .notFound:
            Description(
                status: .notFound, title: "The key has no value",
                page: """
                    The key was never written, or deleted, or its time to live is over, as far as the asked \
                    consistency sees. A write that was only just accepted may not be applied yet: send the session \
                    token of its answer with the read, or write with Prefer: wait.
                    """)
        case .valueErased:
            Description(
                status: .gone, title: "The value was erased",
                page: """
                    The log still says that this version was written, but its value was erased for good, as a \
                    person's right may demand.
                    """)
        case .valueArchived:
            Description(
                status: .gone, title: "The value is in the archive",
                page: """
                    The value of this version was moved to the archive, which this gateway can't read. The log still \
                    has everything else about it: see /v1/history/. A gateway that is told where the archive is \
                    (`archive.directory`) reads it from there.
                    """)
        case .unknownCommand:
            Description(
                status: .notFound, title: "No such command was issued",
                page: """
                    The id is not one that this cluster gave out. Ids stand in the Location header and the body of a \
                    write's answer.
                    """)
        case .positionRemoved:
            Description(
                status: .gone, title: "The feed's next events are no longer there",
                page: """
                    Retention has removed events after the position that was asked for. The member "position" is the \
                    nearest one from which everything is still there: begin after it, knowing that events are missing \
                    between, or read what was removed from the archive.
                    """)
        case .preconditionFailed:
            Description(
                status: .preconditionFailed, title: "The precondition did not hold",
                page: """
                    If-Match or If-None-Match was judged when the command's turn came, and did not hold. The member \
                    "version" and the header ETag tell the version that the key had then; they are missing if it had \
                    no value. Read the value, decide again, and write with the new version. The refusal is in the \
                    key's history.
                    """)
        case .idempotencyKeyReused:
            Description(
                status: .unprocessableContent, title: "The idempotency key belongs to another request",
                page: """
                    A request with this Idempotency-Key and other content was here before, for this key. A retry \
                    must be the same in method, body, content type, precondition and time to live; anything else \
                    needs a new key.
                    """)
        case .brokerUnavailable:
            Description(
                status: .serviceUnavailable, title: "Writes can't be accepted at the moment",
                page: "No broker can be reached. The command was not accepted and will never be applied. Try again.",
                retryAfter: 2)
        case .queueFull:
            Description(
                status: .serviceUnavailable, title: "Too many writes are waiting",
                page: """
                    The queue of the key's partition is full. The command was not accepted and will never be \
                    applied. Slow down and try again.
                    """, retryAfter: 2)
        case .ackUnknown:
            Description(
                status: .serviceUnavailable, title: "It is not known whether the write was accepted",
                page: """
                    The broker did not confirm the command in time; it may still be applied. With an \
                    Idempotency-Key, send the same request again: it is the same command. Without one, ask for the \
                    status of the command that the member "command" names.
                    """, retryAfter: 1)
        case .databaseUnavailable:
            Description(
                status: .serviceUnavailable, title: "The database can't be reached",
                page: "The cache has no answer, and the database that has one can't be asked at the moment. Try again.",
                retryAfter: 2)
        case .accessUnavailable:
            Description(
                status: .serviceUnavailable, title: "Access keys can't be checked at the moment",
                page: """
                    The gateway has not been able to read the list of access keys for so long that it no longer relies \
                    on what it knew. Try again. Signed tokens are still taken.
                    """, retryAfter: 2)
        case .overloaded:
            Description(
                status: .serviceUnavailable, title: "Too many requests are waiting",
                page: "The gateway sheds load rather than let everybody wait. Try again in a moment.", retryAfter: 1)
        case .sessionNotReached:
            Description(
                status: .serviceUnavailable, title: "What the session has seen is not applied yet",
                page: """
                    The read would have shown less than this client has already seen or written. Try again, wait for \
                    it with Prefer: wait=S, or read without the promise with Tidemark-Consistency: eventual. A write is \
                    refused so, and not accepted, when its token would hold more pending writes than a token can.
                    """, retryAfter: 1)
        case .barrierTimeout:
            Description(
                status: .serviceUnavailable, title: "The linearizable read did not come through in time",
                page: """
                    A linearizable read waits until every write acknowledged before it is applied, and that took too \
                    long. Try again, allow more time with Prefer: wait=S, or read with Tidemark-Consistency: \
                    applied.
                    """, retryAfter: 1)
        case .commandDead:
            Description(
                status: .internalServerError, title: "The command could not be applied and was set aside",
                page: """
                    The command was accepted, failed by itself every time, and was set aside as a dead letter so \
                    that the others go on. Sending it again will not help. Whoever runs the cluster can look at it \
                    with "tidemark dead show".
                    """)
        case .internalError:
            Description(
                status: .internalServerError, title: "Something failed inside the gateway",
                page: """
                    This should not happen. The member "request" names the request in the gateway's log. Whether a \
                    write took effect is not known; with an Idempotency-Key it is safe to send it again.
                    """)
        }
    }
}
