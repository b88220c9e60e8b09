import Commands
import Foundation
import Gateway
import HTTPTypes

extension SimulatedClient {
    private func nextValue() -> String {
        writes += 1
        return "\(number).\(writes)"
    }

    func put(_ key: Key, wait: Bool = false, idempotent: Bool = false, timeToLive: Int? = nil) async {
        var request = ClientRequest(method: .put, path: path(key), body: nextValue())
        if let timeToLive { request.fields.append(("Tidemark-TTL", String(timeToLive))) }
        if idempotent { request.fields.append(("Idempotency-Key", "i\(number).\(writes)")) }
        await write(key, request, wait: wait, attempts: idempotent ? 4 : 1)
    }

    func putConditionally(_ key: Key) async {
        var request = ClientRequest(method: .put, path: path(key), body: nextValue())
        if let version = versions[key] {
            request.fields.append(("If-Match", "\"\(version)\""))
        } else {
            request.fields.append(("If-None-Match", "*"))
        }
        await write(key, request, wait: true)
    }

    func write(_ key: Key, _ request: ClientRequest, wait: Bool, attempts: Int = 1) async {
        var request = request
        if wait { request.fields.append(("Prefer", "wait=3")) }
        let partition = history.partitioner.partition(of: key)
        for _ in 0..<attempts {
            let answer = await send(request)
            switch answer?.status {
            case 202:
                guard let id = answer?.location.flatMap({ CommandID($0) }) else {
                    return history.violation("answers make sense", "202 without Location")
                }
                pending[partition, default: []].append(id)
                return
            case 200, 201:
                guard let version = answer?.version else {
                    return history.violation("answers make sense", "a write was applied at no version")
                }
                if history.states(of: key).last(where: { $0.sequence == version })?.value != request.body {
                    history.violation(
                        "what is said to be applied is applied", "\(key) \(request.body) at \(version)")
                }
                saw(version, in: partition)
                versions[key] = version
                return
            case 204:
                if let version = answer?.version { saw(version, in: partition) }
                versions[key] = nil
                return
            case 412: return
            case 503, nil: break
            default: return unexpected(request, answer)
            }
        }
    }

    /// A batch: its writes are enqueued in their order.
    func putSeveral() async {
        let puts = (0..<2 + random.below(7)).map { _ in (key: random.pick(keys), value: nextValue()) }
        let operations = puts.map { #"{"op":"put","key":"\#($0.key)","value":"\#($0.value)"}"# }
        let request = ClientRequest(
            method: .post, path: "/v1/batch", body: #"{"operations":[\#(operations.joined(separator: ","))]}"#)
        guard let answer = await send(request), answer.status == 200 else { return }
        let body = try? JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        let results = body?["results"] as? [[String: Any]] ?? []
        if results.count != puts.count { return unexpected(request, answer) }
        for (put, result) in zip(puts, results) where result["status"] as? Int == 202 {
            guard let id = (result["command"] as? String).flatMap({ CommandID($0) }) else {
                return unexpected(request, answer)
            }
            pending[history.partitioner.partition(of: put.key), default: []].append(id)
        }
    }
}
