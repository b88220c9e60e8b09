import CRabbitMQ

/// The arguments of a declaration, or the client's properties.
indirect enum AMQPValue {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case table([(String, AMQPValue)])
}

/// Lends `entries` to `body` as the C structure. Everything lies in a pool that is freed afterwards.
func withAMQPTable<R>(_ entries: [(String, AMQPValue)], _ body: (amqp_table_t) throws -> R) rethrows -> R {
    var pool = amqp_pool_t()
    init_amqp_pool(&pool, 4096)
    defer { empty_amqp_pool(&pool) }
    return try body(makeTable(entries, in: &pool))
}

private func makeTable(_ entries: [(String, AMQPValue)], in pool: inout amqp_pool_t) -> amqp_table_t {
    if entries.isEmpty { return amqp_empty_table }
    let memory = amqp_pool_alloc(&pool, MemoryLayout<amqp_table_entry_t>.stride * entries.count)!
    let array = memory.bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
    for (index, (key, value)) in entries.enumerated() {
        var entry = amqp_table_entry_t()
        entry.key = makeBytes(key, in: &pool)
        switch value {
        case .text(let text):
            entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            entry.value.value.bytes = makeBytes(text, in: &pool)
        case .number(let number):
            entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            entry.value.value.i64 = number
        case .flag(let flag):
            entry.value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            entry.value.value.boolean = flag ? 1 : 0
        case .table(let inner):
            entry.value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            entry.value.value.table = makeTable(inner, in: &pool)
        }
        (array + index).initialize(to: entry)
    }
    return amqp_table_t(num_entries: Int32(entries.count), entries: array)
}

private func makeBytes(_ text: String, in pool: inout amqp_pool_t) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { source in
        guard let base = source.baseAddress, source.count > 0 else { return amqp_empty_bytes }
        let memory = amqp_pool_alloc(&pool, source.count)!
        memory.copyMemory(from: base, byteCount: source.count)
        return amqp_bytes_t(len: source.count, bytes: memory)
    }
}

extension amqp_table_t {
    /// The value of a header that is a whole number, of whatever width the broker chose.
    func integer(_ name: String) -> Int? {
        for entry in UnsafeBufferPointer(start: entries, count: Int(num_entries)) where String(entry.key) == name {
            let value = entry.value.value
            switch UInt32(entry.value.kind) {
            case AMQP_FIELD_KIND_I64.rawValue: return Int(value.i64)
            case AMQP_FIELD_KIND_I32.rawValue: return Int(value.i32)
            case AMQP_FIELD_KIND_I16.rawValue: return Int(value.i16)
            case AMQP_FIELD_KIND_I8.rawValue: return Int(value.i8)
            case AMQP_FIELD_KIND_U64.rawValue: return Int(clamping: value.u64)
            case AMQP_FIELD_KIND_U32.rawValue: return Int(value.u32)
            case AMQP_FIELD_KIND_U16.rawValue: return Int(value.u16)
            case AMQP_FIELD_KIND_U8.rawValue: return Int(value.u8)
            default: return nil
            }
        }
        return nil
    }
}

/// Lends a string's UTF-8 to a call that only reads it.
func withAMQPBytes<R>(_ text: String, _ body: (amqp_bytes_t) throws -> R) rethrows -> R {
    var text = text
    return try text.withUTF8 { source in
        try body(amqp_bytes_t(len: source.count, bytes: UnsafeMutableRawPointer(mutating: source.baseAddress)))
    }
}

extension String {
    init(_ bytes: amqp_bytes_t) {
        self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }
}
