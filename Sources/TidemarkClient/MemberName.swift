/// Any member of a JSON object.
struct MemberName: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static func refuseUnknown(in decoder: any Decoder, known: Set<String>) throws {
        let members = try decoder.container(keyedBy: MemberName.self).allKeys
        guard let unknown = members.first(where: { !known.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: decoder.codingPath,
                debugDescription: "unknown member \"\(unknown.stringValue)\"; there are "
                    + known.sorted().joined(separator: ", ")))
    }
}
