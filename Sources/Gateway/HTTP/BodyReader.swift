import Hummingbird
import NIOCore

/// The connection ended, or spoke no HTTP, while the body was read: there is nobody to answer.
struct BodyInterrupted: Error {
    var cause: any Error
}

extension Request {
    /// The whole body. Too large a one is refused by its announced length before it is read, or when it grows past the
    /// limit.
    ///
    /// - Parameter begin: called before the first read.
    /// - Throws: `Problem`, `BodyInterrupted`.
    func wholeBody(
        _ announced: RequestHeaders.Body, limit: Int, tooLarge: ProblemType, begin: () async throws -> Void
    ) async throws -> ByteBuffer {
        let refusal: () -> Problem = {
            Problem(tooLarge, "At most \(limit) bytes are accepted.", .limit(limit))
        }
        switch announced {
        case .none: return ByteBuffer()
        case .length(let length):
            if length > limit { throw refusal() }
        case .chunked: break
        }
        var whole = ByteBuffer()
        do {
            try await begin()
            for try await part in body {
                if whole.readableBytes + part.readableBytes > limit { throw refusal() }
                if whole.readableBytes == 0 {
                    whole = part
                    if case .length(let length) = announced, length > part.readableBytes {
                        whole.reserveCapacity(minimumWritableBytes: length - part.readableBytes)
                    }
                } else {
                    whole.writeImmutableBuffer(part)
                }
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw BodyInterrupted(cause: error)
        }
        if case .length(let length) = announced, whole.readableBytes < length {
            throw BodyInterrupted(cause: ChannelError.inputClosed)
        }
        return whole
    }
}
