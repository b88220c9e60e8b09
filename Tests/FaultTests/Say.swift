import Foundation

/// A line for whoever watches, at once.
func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
