/// Where a generation of the projection lives; the raw values are the tables' names.
enum ProjectionTable: String, Sendable {
    case odd = "kv"
    case even = "kv_even"

    init(ofGeneration generation: Int64) { self = generation % 2 == 1 ? .odd : .even }

    /// Of the generation before and of the one after.
    var other: ProjectionTable { self == .odd ? .even : .odd }

    /// What the generations in it leave when divided by two.
    var parity: Int { self == .odd ? 1 : 0 }
}

/// A statement in its two forms, one for each table.
struct TableStatement: Sendable {
    private let odd: Statement
    private let even: Statement

    init(_ name: String, _ parameters: [Statement.Parameter], _ sql: (ProjectionTable) -> String) {
        odd = Statement(name, parameters, sql(.odd))
        even = Statement("\(name)_even", parameters, sql(.even))
    }

    subscript(_ table: ProjectionTable) -> Statement { table == .odd ? odd : even }
}
