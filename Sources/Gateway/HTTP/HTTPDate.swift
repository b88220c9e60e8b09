import Commands

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), by arithmetic: formatters take locks and microseconds.
enum HTTPDate {
    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Years 0 to 9999, which is all that the format can say; others are cut to its ends. Whole seconds, rounded down.
    static func text(_ time: Timestamp) -> String {
        let seconds = min(max(time.seconds, -62_167_219_200), 253_402_300_799)
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = Int(seconds - day * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(day))
        return String(unsafeUninitializedCapacity: 29) { text in
            var position = 0
            func write(_ string: StaticString) {
                for index in 0..<string.utf8CodeUnitCount { text[position + index] = string.utf8Start[index] }
                position += string.utf8CodeUnitCount
            }
            func write(_ number: Int, digits: Int) {
                var rest = number
                for index in stride(from: digits - 1, through: 0, by: -1) {
                    text[position + index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                position += digits
            }
            write(Self.days[(Int(day) % 7 + 7) % 7])
            write(", ")
            write(date.day, digits: 2)
            write(" ")
            write(months[date.month - 1])
            write(" ")
            write(date.year, digits: 4)
            write(" ")
            write(second / 3_600, digits: 2)
            write(":")
            write(second / 60 % 60, digits: 2)
            write(":")
            write(second % 60, digits: 2)
            write(" GMT")
            return 29
        }
    }
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int
    var month: Int
    var day: Int

    /// Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last.
    init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
