import HTTPTypes

/// What `GET /problems` and `GET /problems/<slug>` show to a person who followed a problem's `type`.
enum ProblemPages {
    static let contentType = "text/html; charset=utf-8"

    static let index = page(
        title: "Problems",
        body: "<h1>Problems</h1>\n<p>What the gateway's errors mean, and what to do about them.</p>\n<ul>\n"
            + ProblemType.allCases.map { type in
                let description = type.description
                return "<li>\(description.status.code) <a href=\"/problems/\(type.rawValue)\">\(type.rawValue)</a>: "
                    + "\(escaped(description.title))</li>\n"
            }.joined() + "</ul>\n")

    static func page(of type: ProblemType) -> String {
        let description = type.description
        let retry =
            description.retryAfter == nil ? "" : "<p>The header Retry-After says how many seconds to wait.</p>\n"
        return page(
            title: description.title,
            body: "<h1>\(escaped(description.title))</h1>\n<p><code>\(type.rawValue)</code>, status "
                + "\(description.status.code)</p>\n<p>\(escaped(description.page))</p>\n\(retry)"
                + "<p><a href=\"/problems\">All problems</a></p>\n")
    }

    private static func page(title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>\(escaped(title)) · Tidemark</title>
        <style>body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }</style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
