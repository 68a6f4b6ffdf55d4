import Checkpoints
import Torch

/// The parameters of a model by checkpoint key, as tensors.
package struct Parameters {
    /// Keys and tensors in the order of `ModelParameters.shapes`.
    package let all: [(name: String, tensor: Tensor)]
    private let byName: [String: Tensor]
    /// The places in mapped files of those that are there.
    private let views: [String: TensorView]
    /// The files that tensors are views of; nil if all have memory of their own.
    private let source: ModelWeights?

    /// The parameters given, whose names must differ.
    package init(_ all: [(name: String, tensor: Tensor)]) {
        self.init(all, views: [:], source: nil)
    }

    init(_ all: [(name: String, tensor: Tensor)], views: [String: TensorView], source: ModelWeights?) {
        self.all = all
        self.views = views
        self.source = source
        byName = Dictionary(all.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    }

    /// The parameter of that name, if there is one.
    package subscript(name: String) -> Tensor? { byName[name] }

    /// Checks that nobody has written to the files that tensors are views of.
    ///
    /// - Throws: `CheckpointError` of kind `.unreadable`.
    package func checkSource() throws(CheckpointError) {
        try source?.checkUnchanged()
    }

    /// Returns the memory of a mapped parameter to the system, once only a copy of it is read.
    func releasePages(of name: String) {
        views[name]?.releasePages()
    }

    /// The number of elements of all parameters.
    package var elementCount: Int { all.reduce(0) { $0 + $1.tensor.count } }

    /// The root of the names.
    package func scope(precision: Precision, use: ParameterUse) -> ParameterScope {
        ParameterScope(parameters: self, path: "", precision: precision, use: use)
    }
}

/// A place in the tree of checkpoint keys: `scope["attention"]["self.query"]` is `attention.self.query`.
package struct ParameterScope {
    let parameters: Parameters
    /// The common prefix of the keys, without the last dot.
    package let path: String
    /// What matrix products below this place compute in.
    package let precision: Precision
    /// What the parameters are for.
    package let use: ParameterUse

    /// The place below this one.
    package subscript(name: String) -> ParameterScope {
        ParameterScope(
            parameters: parameters, path: path.isEmpty ? name : "\(path).\(name)", precision: precision,
            use: use)
    }

    /// The same place with products in another precision.
    func computing(in precision: Precision) -> ParameterScope {
        ParameterScope(parameters: parameters, path: path, precision: precision, use: use)
    }

    /// The parameter at this place.
    ///
    /// - Throws: `CheckpointError` of kind `.mismatch` that names the key.
    package func tensor() throws(CheckpointError) -> Tensor {
        guard let tensor = parameters[path] else {
            throw CheckpointError(path: path, kind: .mismatch, message: "the model has no parameter of this name")
        }
        return tensor
    }

    /// See `Parameters.releasePages`.
    func releasePages() {
        parameters.releasePages(of: path)
    }
}
