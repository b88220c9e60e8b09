import Foundation

/// The traces that everybody can play by name. Half of the requests are reads, as in the benchmark's workload `a`.
extension Trace {
    package static let builtIn: [Trace] = [diurnal, flashCrowd, slowRamp, failingNodes]

    /// A day: a tenth of the peak at night, a dip at lunch, a second peak in the evening.
    static let diurnal = even(
        "diurnal",
        [
            (0, 14), (2, 9), (4, 6), (6, 10), (7, 20), (8, 36), (9, 50), (10, 58), (11, 60), (12, 52), (13, 48),
            (14, 56),
            (16, 58), (17, 50), (18, 44), (19, 52), (20, 60), (21, 50), (22, 34), (23, 22), (24, 14),
        ].map { ($0.0 * 3_600, $0.1 * 1_000) })

    /// Six times the usual within half a minute, mostly writes; it ebbs away within ten minutes, and comes once more, smaller.
    static let flashCrowd = Trace(
        name: "flash-crowd",
        points: [
            Point(at: 0, reads: 8_000, writes: 8_000), Point(at: 600, reads: 8_000, writes: 8_000),
            Point(at: 630, reads: 30_000, writes: 66_000), Point(at: 930, reads: 30_000, writes: 66_000),
            Point(at: 1_500, reads: 8_000, writes: 8_000), Point(at: 2_100, reads: 8_000, writes: 8_000),
            Point(at: 2_130, reads: 30_000, writes: 30_000), Point(at: 2_250, reads: 30_000, writes: 30_000),
            Point(at: 2_400, reads: 8_000, writes: 8_000), Point(at: 3_600, reads: 8_000, writes: 8_000),
        ])

    /// From little to ten times as much in two hours, there for half an hour, and back.
    static let slowRamp = even(
        "slow-ramp", [(0, 6_000), (600, 6_000), (7_800, 60_000), (9_600, 60_000), (16_800, 6_000), (18_000, 6_000)])

    /// A steady load that waves a little, while instances vanish, the database stands still and metrics are missing.
    static let failingNodes = even(
        "failing-nodes",
        (0...120).map { minute in
            let wave = sin(Double(minute) / 20 * 2 * Double.pi)
            return (Double(minute) * 60, (30_000 + 4_000 * wave).rounded())
        },
        events: [
            Event(at: 600, trouble: .fail(.gateway, 1)), Event(at: 1_200, trouble: .fail(.projector, 1)),
            Event(at: 1_800, trouble: .fail(.gateway, 2)), Event(at: 2_400, trouble: .stall(120)),
            Event(at: 3_600, trouble: .blind(300)), Event(at: 3_700, trouble: .fail(.gateway, 1)),
            Event(at: 4_800, trouble: .fail(.gateway, 2)), Event(at: 4_800, trouble: .fail(.projector, 1)),
            Event(at: 6_000, trouble: .fail(.projector, 1)),
        ])

    /// As many reads as writes.
    private static func even(_ name: String, _ rates: [(Double, Double)], events: [Event] = []) -> Trace {
        Trace(name: name, points: rates.map { Point(at: $0.0, reads: $0.1, writes: $0.1) }, events: events)
    }
}
