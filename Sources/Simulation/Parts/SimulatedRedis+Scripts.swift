import Cache

/// The scripts of `Scripts.swift`, line by line.
extension SimulatedRedis {
    private enum Standing {
        case fenced
        case at([String])
        case nowhere
    }

    func script(_ words: [String], _ command: [[UInt8]]) -> RedisReply {
        let count = Int(words[2])!
        let keys = Array(words[3..<3 + count])
        let arguments = Array(words[(3 + count)...])
        let bytes = Array(command[(3 + count)...])
        switch words[1] {
        case Scripts.fill.digest: return fill(keys[0], lease: bytes[0], entry: bytes[1], Int64(arguments[2])!)
        case Scripts.remove.digest:
            guard get(keys[0]) == bytes[0] else { return .integer(0) }
            delete(keys[0])
            return .integer(1)
        case Scripts.advance.digest: return advance(keys, arguments)
        case Scripts.renew.digest: return renew(keys, arguments)
        case Scripts.establish.digest: return establish(keys, arguments)
        default: return .error("NOSCRIPT No matching script. Please use EVAL.")
        }
    }

    private func fill(_ name: String, lease: [UInt8], entry: [UInt8], _ milliseconds: Int64) -> RedisReply {
        guard get(name) == lease || without == .compareAndSetFill else { return .integer(0) }
        set(name, .string(entry), milliseconds: milliseconds)
        return .integer(1)
    }

    private func advance(_ keys: [String], _ arguments: [String]) -> RedisReply {
        let (vector, heartbeat) = (keys[0], keys[1])
        let held = standing(vector, epoch: arguments[3])
        if case .fenced = held { return .array([text("fenced")]) }
        if without == .atomicInvalidation {
            simulator.after(simulator.random.between(.milliseconds(5), .milliseconds(300))) { [self] in
                for entry in keys.dropFirst(2) { delete(entry) }
                replicate()
            }
        } else {
            for entry in keys.dropFirst(2) { invalidate(entry) }
        }
        guard case .at(Array(arguments[0...2])) = held else { return elsewhere(heartbeat, held) }
        var fields = arguments[6] == "1" ? ["i": arguments[1]] : hash(vector)!
        fields["e"] = arguments[3]
        fields["s"] = arguments[4]
        setOrigins(arguments.dropFirst(7), in: &fields)
        set(vector, .hash(fields))
        beat(heartbeat, arguments[1], arguments[5])
        return .array([text("done")])
    }

    private func renew(_ keys: [String], _ arguments: [String]) -> RedisReply {
        let held = standing(keys[0], epoch: arguments[0])
        if case .fenced = held { return .array([text("fenced")]) }
        guard case .at(Array(arguments[0...2])) = held else { return elsewhere(keys[1], held) }
        beat(keys[1], arguments[1], arguments[3])
        return .array([text("done")])
    }

    private func establish(_ keys: [String], _ arguments: [String]) -> RedisReply {
        if case .fenced = standing(keys[0], epoch: arguments[0]) { return .array([text("fenced")]) }
        var fields = ["e": arguments[0], "i": arguments[1], "s": arguments[2]]
        setOrigins(arguments.dropFirst(4), in: &fields)
        set(keys[0], .hash(fields))
        beat(keys[1], arguments[1], arguments[3])
        return .array([text("done")])
    }

    private func invalidate(_ entry: String) {
        if without == .readLeases, get(entry)?.first == UInt8(ascii: "L") { return }
        delete(entry)
    }

    private func beat(_ heartbeat: String, _ incarnation: String, _ milliseconds: String) {
        set(
            heartbeat, .string(Array(incarnation.utf8)),
            milliseconds: without == .heartbeatExpiry ? nil : Int64(milliseconds)!)
    }

    private func standing(_ vector: String, epoch: String) -> Standing {
        let held = hash(vector)
        if let other = held?["e"], UInt64(other)! > UInt64(epoch)! { return .fenced }
        if let held, let epoch = held["e"], let incarnation = held["i"], let sequence = held["s"] {
            return .at([epoch, incarnation, sequence])
        }
        return .nowhere
    }

    private func elsewhere(_ heartbeat: String, _ held: Standing) -> RedisReply {
        delete(heartbeat)
        guard case .at(let position) = held else { return .array([text("elsewhere")]) }
        return .array([text("elsewhere")] + position.map { text($0) })
    }

    private func setOrigins(_ pairs: ArraySlice<String>, in fields: inout [String: String]) {
        var pairs = pairs
        while let origin = pairs.popFirst(), let n = pairs.popFirst() { fields[origin] = n }
    }
}
