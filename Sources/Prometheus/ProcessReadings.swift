import Foundation

/// What the kernel knows about this process, under the names every Prometheus client uses. Linux only: it reads `/proc`.
struct ProcessReadings: Sendable {
    struct Reading {
        let name: String
        let kind: Family.Kind
        let help: String
        let value: Double
    }

    private let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    /// Seconds since 1970.
    private let bootTime: Double

    /// `nil` where there is no `/proc`.
    init?() {
        let line = Self.read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let bootTime = line.flatMap({ Double($0.dropFirst("btime ".count)) }) else { return nil }
        self.bootTime = bootTime
    }

    /// Reads two entries of `/proc`, in some 50 µs; what can't be read is left out.
    func current() -> [Reading] {
        var readings: [Reading] = []
        // The descriptor that lists the directory is in the list, and not ours to count.
        if let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count - 1 {
            readings.append(
                Reading(
                    name: "process_open_fds", kind: .gauge, help: "Number of open file descriptors.",
                    value: Double(descriptors)))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            readings.append(
                Reading(
                    name: "process_max_fds", kind: .gauge, help: "Maximum number of open file descriptors.",
                    value: Double(limit.rlim_cur)))
        }
        // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
        guard let stat = Self.read("/proc/self/stat"), let name = stat.lastIndex(of: ")") else { return readings }
        let fields = stat[name...].split(separator: " ").dropFirst().map { Double($0) ?? 0 }
        // proc(5) counts from 1, and `fields` begins with its third.
        func field(_ number: Int) -> Double { fields[number - 3] }
        guard fields.count > 24 - 3 else { return readings }
        readings += [
            Reading(
                name: "process_cpu_seconds_total", kind: .counter,
                help: "Total user and system CPU time spent in seconds.",
                value: (field(14) + field(15)) / ticksPerSecond),
            Reading(
                name: "process_start_time_seconds", kind: .gauge,
                help: "Start time of the process since unix epoch in seconds.",
                value: bootTime + field(22) / ticksPerSecond),
            Reading(
                name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory size in bytes.",
                value: field(24) * pageSize),
        ]
        return readings
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
