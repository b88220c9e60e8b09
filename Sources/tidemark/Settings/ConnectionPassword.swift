/// The password within what names a server: a URL, several with commas between, or libpq's list of keywords.
enum ConnectionPassword {
    static func masked(_ connection: String) -> String {
        connection
            .replacing(#/(://[^:@/]*:)[^@/]*@/#) { "\($0.output.1)****@" }
            .replacing(#/([?&](?:ssl)?password=)[^&]*/#) { "\($0.output.1)****" }
            .replacing(#/((?:^|\s)(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s']\S*)/#) { "\($0.output.1)****" }
    }

    static func isIn(_ connection: String) -> Bool { masked(connection) != connection }
}
