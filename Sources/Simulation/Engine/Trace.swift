/// What happened in a run: a fingerprint always, and lines to read when asked for.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
package final class Trace: @unchecked Sendable {
    /// Of the lines, the last so many stay.
    private static let kept = 4_000

    /// Of every step, its process and time, and of what the log holds in the end: two runs of a seed have the same one.
    package private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
    let keepsLines: Bool
    private var lines: [String] = []

    package init(keepsLines: Bool) { self.keepsLines = keepsLines }

    func mix(_ values: UInt64...) {
        for value in values {
            fingerprint = (fingerprint ^ value) &* 0x100_0000_01b3
            fingerprint ^= fingerprint >> 29
        }
    }

    func note(at time: Nanoseconds, _ process: String?, _ text: @autoclosure () -> String) {
        guard keepsLines else { return }
        if lines.count >= 2 * Self.kept { lines.removeFirst(Self.kept) }
        let milliseconds = time / 1_000_000
        let micros = String(time / 1_000 % 1_000)
        let padding = String(repeating: "0", count: 3 - micros.count)
        lines.append("\(milliseconds).\(padding)\(micros) ms  \(process ?? "-"): \(text())")
    }

    package func last(_ count: Int) -> ArraySlice<String> { lines.suffix(count) }
}
