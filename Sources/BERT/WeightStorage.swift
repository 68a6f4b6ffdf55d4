/// Where a model that answers keeps the weights that its layers have no copies of.
public enum WeightStorage: Sendable, Hashable {
    /// In the mapped file: only what is read takes memory, and processes share it. The file must not change while the
    /// model is in use. Each pass of the model checks that, and fails if it has changed; but if the file was truncated,
    /// the system ends a process that reads beyond its end.
    case mapped
    /// In memory: the file may be changed or removed once the model is loaded.
    case memory
}
