import Autoscaler
import Foundation

/// A played trace as it is printed in JSON.
struct SimulationReport: Encodable {
    struct Step: Encodable {
        var at: Double
        var role: String
        var from: Int
        var to: Int
        var reason: String
    }

    struct Policy: Encodable {
        var policy: Contender
        var score: Score
        var steps: [Step]
    }

    var trace: String
    var seconds: Int
    var seed: UInt64
    var policies: [Policy]

    init(_ comparison: Comparison) {
        trace = comparison.trace.name
        seconds = comparison.trace.seconds
        seed = comparison.conditions.seed
        policies = comparison.rows.map { row in
            Policy(
                policy: row.contender, score: row.score,
                steps: row.course.steps.map {
                    Step(at: $0.at, role: $0.role.rawValue, from: $0.from, to: $0.to, reason: $0.reason)
                })
        }
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
