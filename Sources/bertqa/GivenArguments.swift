import ArgumentParser
import StrictJSON

/// The options that a user gave, by the names that they have in files: `learning_rate` for the property `learningRate`.
enum GivenArguments {
    /// All options of some arguments that have a value, those of their groups included. A flag that only can be
    /// switched on counts where it is on.
    static func of(_ arguments: Any) -> [(name: String, value: JSONValue)] {
        Mirror(reflecting: arguments).children.flatMap { label, wrapper -> [(name: String, value: JSONValue)] in
            if let group = wrapper as? any ArgumentGroup { return of(group.arguments) }
            guard let label, let value = (wrapper as? any GivenArgument)?.given else { return [] }
            return [(name(of: label), value)]
        }
    }

    /// `_learningRate`, the storage of a property wrapper, is `learning_rate`.
    private static func name(of label: String) -> String {
        label.drop { $0 == "_" }.reduce(into: "") { name, letter in
            name += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
        }
    }

    fileprivate static func json(_ value: Any) -> JSONValue? {
        switch value {
        case let value as Bool: .bool(value)
        case let value as Int: .int(value)
        // As text: a JSON number need not hold 64 bits.
        case let value as UInt64: .string(String(value))
        case let value as Double: .double(value)
        case let value as String: .string(value)
        case let value as any RawRepresentable<String>: .string(value.rawValue)
        default: nil
        }
    }
}

private protocol ArgumentGroup {
    var arguments: Any { get }
}

private protocol GivenArgument {
    var given: JSONValue? { get }
}

extension OptionGroup: ArgumentGroup {
    fileprivate var arguments: Any { wrappedValue }
}

extension Option: GivenArgument {
    fileprivate var given: JSONValue? { GivenArguments.json(wrappedValue) }
}

extension Flag: GivenArgument {
    fileprivate var given: JSONValue? {
        if Value.self == Bool.self, wrappedValue as? Bool == false { return nil }
        return GivenArguments.json(wrappedValue)
    }
}
