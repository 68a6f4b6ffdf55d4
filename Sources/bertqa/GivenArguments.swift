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

    /// All amounts among the arguments, those of their groups included, by the names of their options in files. Seeds,
    /// which are unsigned, are none.
    static func numbers(of arguments: Any) -> [(name: String, value: Double)] {
        Mirror(reflecting: arguments).children.flatMap { label, wrapper -> [(name: String, value: Double)] in
            if let group = wrapper as? any ArgumentGroup { return numbers(of: group.arguments) }
            guard let label, let values = (wrapper as? any GivenArgument)?.numbers else { return [] }
            return values.map { (name(of: label), $0) }
        }
    }

    fileprivate static func numbers(_ value: Any) -> [Double] {
        switch value {
        case let value as Int: [Double(value)]
        case let value as Double: [value]
        case let values as [Int]: values.map(Double.init)
        case let values as [Double]: values
        default: []
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
        // As text: `JSONNumber` holds signed numbers.
        case let value as UInt64: .string(String(value))
        case let value as Double: .double(value)
        case let value as String: .string(value)
        case let value as [String] where !value.isEmpty: .array(value.map(JSONValue.string))
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
    var numbers: [Double] { get }
}

extension OptionGroup: ArgumentGroup {
    fileprivate var arguments: Any { wrappedValue }
}

extension Option: GivenArgument {
    fileprivate var given: JSONValue? { GivenArguments.json(wrappedValue) }
    fileprivate var numbers: [Double] { GivenArguments.numbers(wrappedValue) }
}

extension Flag: GivenArgument {
    fileprivate var given: JSONValue? {
        if Value.self == Bool.self, wrappedValue as? Bool == false { return nil }
        return GivenArguments.json(wrappedValue)
    }
    fileprivate var numbers: [Double] { [] }
}
