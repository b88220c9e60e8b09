import ArgumentParser

enum AccessMode: String, ExpressibleByArgument, CaseIterable {
    case on, off
}
