import Foundation

/// Numbers as people read them, the same in every locale.
enum Figures {
    /// `1,234,567`
    static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return number < 0 ? "-\(grouped)" : grouped
    }

    /// `1.5 MiB`
    static func bytes(_ number: UInt64) -> String {
        if number < 1_024 { return "\(number) B" }
        var value = Double(number) / 1_024
        for unit in ["KiB", "MiB", "GiB"] {
            if value < 1_024 { return "\(fixed(value, 1)) \(unit)" }
            value /= 1_024
        }
        return "\(fixed(value, 1)) TiB"
    }

    /// `1:02:03`, `2:03`
    static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = "\(whole >= 3_600 ? two(whole / 60 % 60) : "\(whole / 60)"):\(two(whole % 60))"
        return whole >= 3_600 ? "\(whole / 3_600):\(minutes)" : minutes
    }

    static func fixed(_ number: Double, _ places: Int) -> String {
        let locale = Locale(identifier: "en_US")
        return number.formatted(.number.precision(.fractionLength(places)).grouping(.never).locale(locale))
    }
}
