import Configuration
import Foundation
import SystemPackage

/// The settings as they are in force: command line over environment over file over defaults. Read once, here.
struct Settings: Sendable {
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    private var values: [Setting: String] = [:]

    /// - Parameters:
    ///   - flags: what the command line says.
    ///   - file: a YAML file.
    init(
        flags: [Setting: String], file: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "tidemark")
        ]
        if let file {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
            } catch {
                throw Invalid(description: "The file \(file) can't be read as YAML settings: \(error)")
            }
        }
        let reader = ConfigReader(providers: providers)
        for setting in Setting.allCases {
            let key = ConfigKey(setting.rawValue)
            values[setting] =
                flags[setting] ?? reader.string(forKey: key, isSecret: setting.isSecret)
                ?? reader.int(forKey: key).map(String.init)
                // YAML takes a bare on for a boolean.
                ?? reader.bool(forKey: key).map { $0 ? "on" : "off" } ?? setting.defaultValue
        }
        for (password, file) in [
            (Setting.amqpPassword, Setting.amqpPasswordFile), (.databasePassword, .databasePasswordFile),
            (.redisPassword, .redisPasswordFile),
        ] {
            guard values[password] == nil, let path = values[file] else { continue }
            values[password] = try Self.text(of: path, for: file).trimmingCharacters(in: .newlines)
        }
    }

    /// The text of the file that a setting names.
    static func text(of path: String, for setting: Setting) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Invalid(description: "\(setting.rawValue): the file \(path) can't be read.")
        }
        return text
    }

    func string(_ setting: Setting) -> String { values[setting] ?? "" }

    func optional(_ setting: Setting) -> String? { values[setting] }

    func integer(_ setting: Setting, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(string(setting)), range.contains(number) else {
            throw Invalid(
                description: "\(setting.rawValue) must be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound), not \"\(string(setting))\".")
        }
        return number
    }

    func isOn(_ setting: Setting) throws -> Bool {
        switch string(setting) {
        case "on", "true": return true
        case "off", "false": return false
        case let other: throw Invalid(description: "\(setting.rawValue) is on or off, not \"\(other)\".")
        }
    }

    /// `key: value` lines in the form of the YAML file, secrets masked.
    var masked: String {
        Setting.allCases.compactMap { setting in
            guard let value = values[setting] else { return nil }
            let shown = setting.isSecret ? "****" : setting.isURL ? ConnectionPassword.masked(value) : value
            return "\(setting.rawValue): \(shown)    # \(setting.help)"
        }.joined(separator: "\n")
    }
}
