import ArgumentParser

/// A time as people write it: a whole number and s, m, h or d.
struct Lifetime: ExpressibleByArgument, Equatable {
    let duration: Duration

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int(argument.dropLast()),
            (1...(3_650 * 86_400 / unit)).contains(number)
        else { return nil }
        duration = .seconds(number * unit)
    }
}
